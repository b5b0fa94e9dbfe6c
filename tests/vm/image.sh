#!/bin/bash
# Makes the virtual machine's image: Debian's kernel and an initramfs of busybox, can-utils, iproute2,
# the kernel's CAN modules and the project's guest program.
#
#   image.sh KERNEL GUEST OUT    KERNEL: an unpacked linux-image package; GUEST: a static program
#
# Leaves OUT/vmlinuz and OUT/image.gz. `cargo xtask setup` calls this; tests/src/vm.rs boots it.
set -euo pipefail
kernel=$1 guest=$2 out=$3
init=$(dirname "$(readlink -f "$0")")/init

release=$(ls "$kernel/lib/modules")
modules=$kernel/lib/modules/$release/kernel
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,can,lib,lib64,modules,proc,sys,dev,tmp}

cp "$(command -v busybox)" "$root/bin/busybox"
install -m 755 "$init" "$root/init"
install -m 755 "$guest" "$root/can/guest"
for module in drivers/net/can/dev/can-dev net/can/can net/can/can-raw drivers/net/can/vcan \
              drivers/net/can/sja1000/sja1000 drivers/net/can/sja1000/kvaser_pci; do
  if [[ -e $modules/$module.ko ]]; then
    cp "$modules/$module.ko" "$root/modules/"
  else # later Debian kernels have their modules compressed
    xz -dc "$modules/$module.ko.xz" > "$root/modules/${module##*/}.ko"
  fi
done
PATH=$PATH:/usr/sbin:/sbin
for program in ip candump cangen cansend slcanpty; do
  path=$(command -v "$program")
  cp -L "$path" "$root/can/$program"
  ldd "$path" | grep -o '/[^ ]*' | while read -r library; do cp -L "$library" "$root/lib/"; done
done
cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"

(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$out/image.part"
cp "$kernel/boot/vmlinuz-$release" "$out/vmlinuz"
mv "$out/image.part" "$out/image.gz"
