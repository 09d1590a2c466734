#Requires -Version 5.1
<#
.SYNOPSIS
Installs Impasto as a Windows service that starts with the computer, updates it, or takes it away again.
.DESCRIPTION
Run it in a PowerShell that was started as administrator, from a complete copy of Impasto. It never takes the
bot's token from the command line, never prints it, and leaves settings and data alone.
.PARAMETER TokenFile
A file to read the bot's token from; otherwise you are asked for it, unseen.
.PARAMETER Owner
Your numeric chat id, for reports and errors.
.PARAMETER Python
The python.exe to build the environment with: 3.11 to 3.13, 64 bit, installed for all users.
.PARAMETER Uninstall
Stop and remove the service, the program and the token; settings and data stay.
.PARAMETER Purge
With -Uninstall: remove settings and data too.
.PARAMETER DryRun
Check everything, print every action, change nothing.
#>
[CmdletBinding()]
param(
    [string]$TokenFile,
    [ValidatePattern('^(-?[1-9][0-9]{0,15})?$')][string]$Owner,
    [string]$Python,
    [switch]$Uninstall,
    [switch]$Purge,
    [switch]$DryRun
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$ServiceName = 'Impasto'
$Account = "NT SERVICE\$ServiceName"   # made by Windows for the service: no password, no logon
$Here = $PSScriptRoot
$ProgramFiles = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$Program = Join-Path $ProgramFiles 'Impasto'
$State = Join-Path $env:ProgramData 'Impasto'
$VenvPython = Join-Path $Program 'venv\Scripts\python.exe'
$HostScript = Join-Path $Program 'src\service\windows_service.py'
$TokenPath = Join-Path $State 'token'
$SettingsPath = Join-Path $State 'impasto.toml'
$DataPath = Join-Path $State 'data'
$NeededGiB = 12
$Parts = 'core', 'plugins', 'locales', 'service', 'docs', 'requirements.txt', 'constraints.txt',
    'pyproject.toml', 'LICENSE', 'README.md', 'CHANGELOG.md', 'install_service.ps1'

function Stop-WithMessage([string]$Message) {
    [Console]::Error.WriteLine("install_service: $Message")
    exit 1
}

# Say what is done, and do it unless this is a dry run.
function Invoke-Step([string]$Text, [scriptblock]$Action) {
    if ($DryRun) { Write-Host "would $Text"; return }
    Write-Host "* $Text"
    & $Action
}

# Programs do not throw: their exit code is all that they say. What they write to standard error is no error
# here, though some hosts of PowerShell take it for one.
function Invoke-Program([string]$Path, [string[]]$Arguments) {
    $ErrorActionPreference = 'Continue'
    & $Path @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Path $($Arguments -join ' ') ended with exit code $LASTEXITCODE" }
}

function Assert-Administrator {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    if (-not $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
        Stop-WithMessage 'this needs an administrator: right-click PowerShell, "Run as administrator"'
    }
}

function Assert-Source {
    foreach ($part in 'core', 'plugins', 'requirements.txt', 'service\windows_service.py') {
        if (-not (Test-Path -LiteralPath (Join-Path $Here $part))) {
            Stop-WithMessage "$part is missing in ${Here}: run this script from a complete copy of Impasto"
        }
    }
}

# Version, word size and home of a Python; nothing where it does not run.
function Get-PythonFacts([string]$Command, [string[]]$Arguments) {
    $code = "import sys, struct; bits = 8 * struct.calcsize('P'); " +
        "print('%d.%d|%d|%s|%s' % (*sys.version_info[:2], bits, sys.base_prefix, sys.executable))"
    try { $line = & $Command @Arguments -c $code 2>$null } catch { return $null }
    if ($LASTEXITCODE -ne 0 -or -not $line) { return $null }
    $version, $bits, $prefix, $executable = ([string]$line).Split('|')
    [pscustomobject]@{ Version = $version; Bits = $bits; Prefix = $prefix; Executable = $executable }
}

# A Python that the service's account may read. One installed "just for me" lies in a user's folder, and the
# Store's runs for people only.
function Find-Python {
    if ($Python) {
        $candidates = @(, @($Python))
    } else {
        $candidates = @('py', '-3.13'), @('py', '-3.12'), @('py', '-3.11'), @('python')
    }
    $reasons = @()
    foreach ($candidate in $candidates) {
        $name = $candidate -join ' '
        if (-not (Get-Command $candidate[0] -ErrorAction SilentlyContinue)) { continue }
        $facts = Get-PythonFacts $candidate[0] @($candidate | Select-Object -Skip 1)
        if (-not $facts) { continue }
        if ($facts.Version -notin '3.11', '3.12', '3.13') {
            $reasons += "$name is $($facts.Version)"
        } elseif ($facts.Bits -ne '64') {
            $reasons += "$name is a 32-bit Python"
        } elseif ($facts.Prefix -like "$env:SystemDrive\Users\*" -or $facts.Prefix -like '*\WindowsApps\*') {
            $reasons += "$name lives in $($facts.Prefix), where a service may not look"
        } else {
            return $facts.Executable
        }
    }
    Stop-WithMessage ("no 64-bit Python 3.11 to 3.13 for all users was found. Get one with: " +
        "winget install Python.Python.3.12 --scope machine. $($reasons -join '; ')")
}

function Assert-DiskSpace {
    if (Test-Path -LiteralPath $VenvPython) { return }
    $free = [math]::Floor((Get-PSDrive -Name $ProgramFiles.Substring(0, 1)).Free / 1gb)
    if ($free -lt $NeededGiB) { Stop-WithMessage "$free GiB are free for $Program; $NeededGiB are needed" }
}

function Test-TokenForm([string]$Token) { $Token -cmatch '^[0-9]{3,}:[A-Za-z0-9_-]{30,}$' }

# The new token, or nothing where the one that is there shall stay.
function Read-Token {
    $form = 'a token looks like 123456789:AA... and comes from @BotFather in Telegram'
    if ($TokenFile) {
        if (-not (Test-Path -LiteralPath $TokenFile -PathType Leaf)) {
            Stop-WithMessage "cannot read the token file $TokenFile"
        }
        $token = [IO.File]::ReadAllText((Resolve-Path -LiteralPath $TokenFile).ProviderPath).Trim()
        if (-not (Test-TokenForm $token)) { Stop-WithMessage "$TokenFile holds no bot token: $form" }
        return $token
    }
    if (Test-Path -LiteralPath $TokenPath) {
        Write-Host "The token in $TokenPath stays; -TokenFile FILE puts another in its place."
        return $null
    }
    if ($DryRun) { Write-Host "would ask for the bot's token, unseen"; return $null }
    foreach ($try in 1..3) {
        $secret = Read-Host -AsSecureString -Prompt "The bot's token from @BotFather (it stays unseen)"
        $pointer = [Runtime.InteropServices.Marshal]::SecureStringToBSTR($secret)
        try {
            $token = [Runtime.InteropServices.Marshal]::PtrToStringBSTR($pointer).Trim()
        } finally {
            [Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer)
        }
        if (Test-TokenForm $token) { return $token }
        Write-Host "That is not it: $form."
    }
    Stop-WithMessage 'no token after 3 tries'
}

function Read-Owner {
    if ($Owner -or $DryRun -or (Test-Path -LiteralPath $SettingsPath)) { return $Owner }
    while ($true) {
        $answer = (Read-Host -Prompt 'Your numeric chat id, for reports and errors (Enter for none)').Trim()
        if ($answer -match '^(-?[1-9][0-9]{0,15})?$') { return $answer }
        Write-Host 'That is not a number such as 123456789.'
    }
}

# Only SYSTEM (S-1-5-18) and Administrators (S-1-5-32-544), named by number since names are translated, and
# whatever else is given.
function Set-Access([string]$Path, [string[]]$More) {
    $inherit = if (Test-Path -LiteralPath $Path -PathType Container) { '(OI)(CI)' } else { '' }
    $grants = @("*S-1-5-18:${inherit}F", "*S-1-5-32-544:${inherit}F") + @($More | Where-Object { $_ })
    Invoke-Program 'icacls.exe' (@($Path, '/inheritance:r', '/grant:r') + $grants + '/Q')
}

function Stop-Impasto {
    $service = Get-Service -Name $ServiceName -ErrorAction SilentlyContinue
    if ($service -and $service.Status -ne 'Stopped') {
        Stop-Service -Name $ServiceName -Force
        $service.WaitForStatus('Stopped', [TimeSpan]::FromSeconds(40))
    }
}

# A copy where administrators alone may write, since a service must not run what anybody can change. Only what
# is named is taken, so that nothing private beside it comes along.
function Copy-Source {
    $target = Join-Path $Program 'src'
    $fresh = Join-Path $Program 'src.new'
    if (Test-Path -LiteralPath $fresh) { Remove-Item -LiteralPath $fresh -Recurse -Force }
    New-Item -ItemType Directory -Path $fresh -Force | Out-Null
    foreach ($part in $Parts) {
        $from = Join-Path $Here $part
        if (Test-Path -LiteralPath $from) { Copy-Item -LiteralPath $from -Destination $fresh -Recurse -Force }
    }
    if (Test-Path -LiteralPath $target) { Remove-Item -LiteralPath $target -Recurse -Force }
    Rename-Item -LiteralPath $fresh -NewName 'src'
}

function Build-Environment([string]$BasePython) {
    if (-not (Test-Path -LiteralPath $VenvPython)) {
        Invoke-Program $BasePython @('-m', 'venv', (Join-Path $Program 'venv'))
    }
    Push-Location (Join-Path $Program 'src')
    try {
        Invoke-Program $VenvPython @('-m', 'pip', 'install', '--disable-pip-version-check', '--no-cache-dir',
            '-r', 'requirements.txt', '-r', 'service\requirements-windows.txt')
    } finally {
        Pop-Location
    }
    # The service may not write here, so compile now what it would compile at each start.
    & $VenvPython -m compileall -q (Join-Path $Program 'src\core') (Join-Path $Program 'src\plugins')
}

function Write-Settings([string]$ChatId) {
    $ownerLine = if ($ChatId) { "owner = $ChatId" } else { '# owner = 123456789' }
    $lines = @("# Impasto's settings: docs\service.md says where to find every key. After a change:",
        '# Restart-Service Impasto', $ownerLine)
    [IO.File]::WriteAllLines($SettingsPath, [string[]]$lines, (New-Object Text.UTF8Encoding($false)))
}

function Write-Token([string]$Token) {
    # Protected while it is empty, so that it is never readable by others.
    New-Item -ItemType File -Path $TokenPath -Force | Out-Null
    Set-Access $TokenPath
    [IO.File]::WriteAllText($TokenPath, "$Token`n", (New-Object Text.UTF8Encoding($false)))
}

function Register-Impasto {
    Invoke-Program $VenvPython @($HostScript, '--username', $Account, '--startup', 'delayed', 'install')
    # Started again after 10 s, 1 min, then 5 min; forgotten after a day without a failure. The flag makes
    # Windows count an orderly report of failure too, not only a crash.
    Invoke-Program 'sc.exe' @('failure', $ServiceName, 'reset=', '86400', 'actions=',
        'restart/10000/restart/60000/restart/300000')
    Invoke-Program 'sc.exe' @('failureflag', $ServiceName, '1')
}

# The account has a name only now that the service is registered.
function Grant-Account {
    New-Item -ItemType Directory -Path $DataPath -Force | Out-Null
    Set-Access $State @("${Account}:RX")
    Set-Access $DataPath @("${Account}:(OI)(CI)M")
    Set-Access $SettingsPath @("${Account}:R")
    Set-Access $TokenPath @("${Account}:R")
}

function Start-Impasto {
    Start-Service -Name $ServiceName
    foreach ($second in 1..10) {
        Start-Sleep -Seconds 1
        if ((Get-Service -Name $ServiceName).Status -ne 'Running') {
            $log = Join-Path $DataPath 'logs\impasto.log'
            if (Test-Path -LiteralPath $log) { Get-Content -LiteralPath $log -Tail 15 | Write-Host }
            Stop-WithMessage ("the service does not stay up (see above, and: Get-WinEvent -ProviderName " +
                "$ServiceName -MaxEvents 5); mend the cause and run this script again")
        }
    }
}

function Install-Everything {
    Assert-Source
    $basePython = Find-Python
    Assert-DiskSpace
    $token = Read-Token
    $chatId = Read-Owner

    Invoke-Step 'stop the service if it runs' { Stop-Impasto }
    Invoke-Step "copy the program to $Program\src" { Copy-Source }
    Invoke-Step "build $Program\venv with $basePython (the first time several GB, some minutes)" {
        Build-Environment $basePython
    }
    Invoke-Step "make $State, for administrators alone" {
        New-Item -ItemType Directory -Path $State -Force | Out-Null
        Set-Access $State
    }
    if ($token) { Invoke-Step "write the token to $TokenPath" { Write-Token $token } }
    if (Test-Path -LiteralPath $SettingsPath) {
        Write-Host "The settings in $SettingsPath stay; -Owner is not written into them."
    } else {
        Invoke-Step "write $SettingsPath" { Write-Settings $chatId }
    }
    Invoke-Step "register the service '$ServiceName' to start with Windows, as $Account" { Register-Impasto }
    Invoke-Step "let $Account read its settings and write its data" { Grant-Account }
    Invoke-Step 'start the service and wait until it stays up' { Start-Impasto }
    if ($DryRun) { return }
    Write-Host @"

Impasto runs, and will whenever this computer does.
  logs:       Get-Content '$DataPath\logs\impasto.log' -Tail 50 -Wait
  settings:   $SettingsPath, then: Restart-Service $ServiceName
  update:     git pull, then run this script again
  uninstall:  & '$Program\src\install_service.ps1' -Uninstall
"@
}

function Uninstall-Everything {
    if (Get-Service -Name $ServiceName -ErrorAction SilentlyContinue) {
        Invoke-Step 'stop the service' { Stop-Impasto }
        Invoke-Step 'remove the service' {
            if (Test-Path -LiteralPath $VenvPython) {
                Invoke-Program $VenvPython @($HostScript, 'remove')
            } else {
                Invoke-Program 'sc.exe' @('delete', $ServiceName)
            }
        }
    }
    $gone = @($Program, $TokenPath)
    if ($Purge) { $gone += $State }
    foreach ($path in $gone) {
        if (Test-Path -LiteralPath $path) {
            Invoke-Step "remove $path" { Remove-Item -LiteralPath $path -Recurse -Force }
        }
    }
    if ($Purge) { Write-Host 'Nothing of Impasto is left.' } else {
        Write-Host "Removed. Kept: settings and data in $State; -Uninstall -Purge removes them too."
    }
}

try {
    if ($Purge -and -not $Uninstall) { Stop-WithMessage '-Purge goes with -Uninstall' }
    if (-not $DryRun) { Assert-Administrator }
    if ($Uninstall) { Uninstall-Everything } else { Install-Everything }
} catch {
    Stop-WithMessage $_.Exception.Message
}
