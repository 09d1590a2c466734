# shellcheck shell=bash
# Whether the torch that comes by itself fits this computer's graphics card and its driver.

# For each CUDA: the oldest driver, and the oldest compute capability of a card, times ten (NVIDIA's release notes).
declare -rA driver_for_cuda=([12]=525 [13]=580) capability_for_cuda=([12]=50 [13]=75)
proc=/proc sys=/sys

# The CUDA that the torch of constraints.txt is built for: its major number.
cuda_of_torch() { sed -n 's/^cuda-toolkit==\([0-9]*\)\..*/\1/p' "$here/constraints.txt"; }

pinned() { sed -n "s/^\($1==[^ ]*\).*/\1/p" "$here/constraints.txt"; }

nvidia_smi() {
    local tool
    for tool in nvidia-smi /usr/lib/wsl/lib/nvidia-smi; do
        if command -v "$tool" >/dev/null; then "$tool" "$@" 2>/dev/null && return; fi
    done
    return 1
}

# Sets `driver`, `card` and `capability` (times ten) of the newest card as far as they can be found; else "" and 0.
find_card() {
    local line
    driver="" card="" capability=0
    while IFS= read -r line; do
        [[ $line =~ ^\ *([0-9.]+),\ *([0-9]+)\.([0-9]),\ *(.*)$ ]] || continue
        if ((10#${BASH_REMATCH[2]}${BASH_REMATCH[3]} > capability)); then
            driver=${BASH_REMATCH[1]} card=${BASH_REMATCH[4]} capability=$((10#${BASH_REMATCH[2]}${BASH_REMATCH[3]}))
        fi
    done < <(nvidia_smi --query-gpu=driver_version,compute_cap,name --format=csv,noheader || true)
    if [[ -z $driver && -r $proc/driver/nvidia/version ]]; then
        driver=$(sed -n '/^NVRM/s/.* \([0-9][0-9]*\.[0-9][0-9.]*\) .*/\1/p' "$proc/driver/nvidia/version")
    fi
}

# An NVIDIA card (PCI vendor 10de, class 03) that has no driver of NVIDIA's.
card_without_driver() {
    local folder
    for folder in "$sys"/bus/pci/devices/*; do
        [[ -r $folder/vendor && -r $folder/class ]] || continue
        if [[ $(<"$folder/vendor") == 0x10de && $(<"$folder/class") == 0x03* ]]; then return 0; fi
    done
    return 1
}

# Says what torch will do here, or fails before anything is changed.
check_torch() {
    local cuda needed
    if [[ -n $root ]]; then return; fi # its card is not this computer's
    if [[ -z $torch_index && -e $prefix/torch-index ]]; then torch_index=$(<"$prefix/torch-index"); fi
    if [[ -n $torch_index && $torch_index != default ]]; then
        say "torch comes from $torch_index."
        return
    fi
    cuda=$(cuda_of_torch)
    needed=${driver_for_cuda[$cuda]:-0}
    find_card
    if [[ -n $driver ]] && ((10#${driver%%.*} < needed)); then
        fail "the NVIDIA driver here is $driver, and torch needs $needed or later (it is built for CUDA $cuda)." \
            "Two ways out: install a newer driver; or run this again with --torch-index and the address that" \
            "PyTorch's start page shows for an older CUDA or for the CPU"
    elif [[ -n $driver ]] && ((capability > 0 && capability < ${capability_for_cuda[$cuda]:-0})); then
        fail "torch for CUDA $cuda no longer works on this card ($card, compute capability" \
            "$((capability / 10)).$((capability % 10))). Run this again with --torch-index and the address that" \
            "PyTorch's start page shows for CUDA 12 or for the CPU"
    elif [[ $fresh == no ]]; then
        return
    elif [[ -n $driver ]]; then
        say "Graphics card: ${card:-from NVIDIA}, driver $driver. torch will use it."
    elif card_without_driver; then
        say "There is an NVIDIA card here, but no driver of NVIDIA's: Impasto will work on the CPU, slowly. Install" \
            "the driver ($needed or later) whenever you like, then restart; nothing of Impasto must be installed again."
    else
        say "No NVIDIA card was found: Impasto will work on the CPU. About 3 GB of the packages are CUDA's and lie idle;" \
            "--torch-index with the address that PyTorch's start page shows for the CPU avoids them."
    fi
}
