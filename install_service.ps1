#Requires -Version 5.1
<#
.SYNOPSIS
Installs Impasto so that it is there whenever this computer is, updates it, or takes it away again.
.DESCRIPTION
Run it from a complete copy of Impasto, in a PowerShell that was started as administrator (not for -Autostart).
It never takes the bot's token from the command line, never prints it, and leaves settings and data alone.
It finds a Python; the rest is done by service\windows_install.py.
Exit codes: 0 it answers; 1 nothing was changed, or everything was put back; 3 installed, but no answer yet.
.PARAMETER TokenFile
A file to read the bot's token from; otherwise you are asked for it, unseen.
.PARAMETER Owner
Your numeric chat id, for reports and errors; otherwise you are asked.
.PARAMETER Weights
Networks for more effects: all, none, or names with commas between; otherwise you are asked.
.PARAMETER TorchIndex
For a graphics card: the address that PyTorch's start page shows after --index-url, or default for the usual one.
.PARAMETER Python
The python.exe to build the environment with: 3.11 to 3.13, 64 bit, installed for all users (with -Autostart: any
but the Store's). An update keeps the one that the environment has, as long as it is there.
.PARAMETER Upgrade
Update what is installed, and put it back if the new one does not answer. A plain run does so too, or installs.
.PARAMETER Autostart
No service: start at your logon and end at your logoff, from your own folder. Needs no administrator.
.PARAMETER Uninstall
Stop it and remove program and token; with -Autostart, that of your own folder. Asks about settings and data.
.PARAMETER Purge
With -Uninstall: remove settings and data too, without asking.
.PARAMETER KeepData
With -Uninstall: keep settings and data, without asking.
.PARAMETER Unattended
Never ask. What is needed and not given is an error.
.PARAMETER DryRun
Check everything, print every action, change nothing.
#>
[CmdletBinding()]
param(
    [string]$TokenFile,
    [string]$Owner,
    [string[]]$Weights,
    [string]$TorchIndex,
    [string]$Python,
    [switch]$Upgrade,
    [switch]$Autostart,
    [switch]$Uninstall,
    [switch]$Purge,
    [switch]$KeepData,
    [switch]$Unattended,
    [switch]$DryRun
)

Set-StrictMode -Version 3.0
# Programs do not throw: their exit code is all that they say, and what they write to standard error is no error.
$ErrorActionPreference = 'Continue'

function Stop-WithMessage([string]$Message) {
    [Console]::Error.WriteLine("install_service: $Message")
    exit 1
}

function Test-Administrator {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# The command of the first Python that will do, in words: python.exe, or py.exe and a version.
function Find-Python([string]$Installer, [string[]]$Choice) {
    if ($Python) {
        $candidates = @(, @($Python))
    } else {
        $candidates = @('py.exe', '-3.13'), @('py.exe', '-3.12'), @('py.exe', '-3.11'), @('python.exe')
    }
    $reasons = @()
    foreach ($candidate in $candidates) {
        if (-not (Get-Command $candidate[0] -CommandType Application -ErrorAction SilentlyContinue)) { continue }
        $words = @($candidate | Select-Object -Skip 1)
        $answer = & $candidate[0] @words -I -B $Installer -Fits @Choice 2>&1
        if ($LASTEXITCODE -eq 0) { return $candidate }
        $reasons += "$($candidate -join ' '): $($answer | Select-Object -Last 1)"
    }
    Stop-WithMessage ("no Python was found that will do. Get one with: " +
        "winget install Python.Python.3.12 --scope machine`n$($reasons -join "`n")")
}

$installer = Join-Path $PSScriptRoot 'service\windows_install.py'
if (-not (Test-Path -LiteralPath $installer)) {
    Stop-WithMessage "$installer is missing: run this script from a complete copy of Impasto"
}
if (-not $Autostart -and -not $DryRun -and -not (Test-Administrator)) {
    Stop-WithMessage ('this needs an administrator: right-click PowerShell, "Run as administrator"; ' +
        'or use -Autostart, which installs for you alone')
}

$words = @()
foreach ($name in 'Upgrade', 'Autostart', 'Uninstall', 'Purge', 'KeepData', 'Unattended', 'DryRun') {
    if ($PSBoundParameters.ContainsKey($name) -and $PSBoundParameters[$name]) { $words += "-$name" }
}
foreach ($name in 'TokenFile', 'Owner', 'Weights', 'TorchIndex') {
    if ($PSBoundParameters.ContainsKey($name)) { $words += "-$name", ($PSBoundParameters[$name] -join ',') }
}
$choice = @()
if ($Autostart) { $choice += '-Autostart' }
$found = @(Find-Python $installer $choice)
$first = @($found | Select-Object -Skip 1)

# Neither kept in a variable nor in a pipe: it asks questions, and PowerShell ends such programs at Ctrl+C at once,
# where this one puts everything back first.
& $found[0] @first -I -B $installer @words
exit $LASTEXITCODE
