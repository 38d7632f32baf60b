#!/usr/bin/env bash
# avx512-emulated.sh runs a package's tests with the AVX-512 kernels on a
# processor without AVX-512: in Bochs, an emulator that has it, which boots
# Debian's kernel into the test binary. It is a hundred times slower than the
# processor. Where there is AVX-512, `make test` runs those kernels as it is.
#
#   scripts/avx512-emulated.sh [PACKAGE [TEST FLAG...]]
#
# The default, ./internal/kernel -test.run '/^avx512(#|$)', takes a few minutes
# and leaves out the subtests of other variants; in other packages AVX-512 is in
# use as the fastest variant. Tests see only their own package's folder. The
# exit status is that of the tests, or 1 if none came back.
#
# It needs Debian 12 on amd64, and installs the emulator with apt-get, as root
# or by sudo. What it makes is in .cache/avx512; one run at a time.
set -euo pipefail
cd "$(dirname "$0")/.."

package=${1:-./internal/kernel}
flags=("${@:2}")
((${#flags[@]})) || flags=(-test.run '/^avx512(#|$)')

work=$PWD/.cache/avx512
root=$work/root
mkdir -p "$work"

tools=(bochs bochs-term bochsbios vgabios xorriso isolinux syslinux-common busybox-static cpio bsdutils)
if ! dpkg -s "${tools[@]}" >/dev/null 2>&1 || ! compgen -G "$work/linux/boot/vmlinuz-*" >/dev/null; then
	privileged() { if ((EUID)); then sudo "$@"; else "$@"; fi; }
	privileged apt-get -qq update
	privileged env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${tools[@]}" >/dev/null
	# Only unpacked: nothing is to boot from it but Bochs.
	kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
	(
		cd "$work"
		rm -rf linux linux-image-*.deb
		mkdir linux
		apt-get -qq -o APT::Sandbox::User=root download "$kernel"
		dpkg-deb --fsys-tarfile linux-image-*.deb | tar -x -C linux ./boot
		rm linux-image-*.deb
	)
fi

# The system is busybox, the tests, and the package's folder with their data.
rm -rf "$root" "$work/iso"
mkdir -p "$root"/{bin,dev,proc,tmp} "$work/iso"
cp /bin/busybox "$root/bin/"
cp -r "$package" "$root/package"
CGO_ENABLED=0 go test -c -trimpath -ldflags '-s -w' -tags invariants -o "$root/package/tests" "$package"
cat >"$root/init" <<INIT
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
export HOME=/tmp EMBER_REQUIRE_VARIANTS=go,avx2,avx512
cd /package
./tests -test.v -test.timeout 0 $(printf '%q ' "${flags[@]}")
echo "exit status \$?"
/bin/busybox poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/iso/initrd"

cp "$work"/linux/boot/vmlinuz-* "$work/iso/vmlinuz"
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$work/iso/"
# Bochs 2.7 gives a wrong size for the compacted format of vector state, at
# which Linux turns AVX off; without XSAVES and XSAVEC it uses the other format.
cat >"$work/iso/isolinux.cfg" <<'CFG'
DEFAULT linux
LABEL linux
  KERNEL /vmlinuz
  INITRD /initrd
  APPEND console=ttyS0,115200 loglevel=1 mitigations=off apparmor=0 clearcpuid=xsaves,xsavec,aperfmperf
CFG
xorriso -as mkisofs -quiet -o "$work/boot.iso" -b isolinux.bin -c boot.cat \
	-no-emul-boot -boot-load-size 4 -boot-info-table "$work/iso" 2>/dev/null

console=$work/console.txt
cat >"$work/bochsrc" <<CFG
config_interface: textconfig
display_library: term
plugin_ctrl: speaker=0
cpu: model=corei7_skylake_x, count=1, ips=50000000, reset_on_triple_fault=0
memory: guest=1024, host=1024
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.bin
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$work/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$console
log: $work/bochs.log
panic: action=fatal
CFG
echo continue >"$work/debugger"

# Bochs shows the screen in a terminal, which script(1) provides.
: >"$console"
TERM=xterm nice script -qfc "timeout --foreground 1h bochs -q -f '$work/bochsrc' -rc '$work/debugger'" /dev/null </dev/null >"$work/screen.txt" 2>&1 &
trap 'kill $! 2>/dev/null || true' EXIT
tail -n +1 -F --pid=$! "$console" 2>/dev/null | tr -d '\r'

status=$(tr -d '\r' <"$console" | sed -n 's/^exit status //p')
if [[ -z $status ]]; then
	echo "no result from Bochs: see $work/bochs.log" >&2
	exit 1
fi
exit "$status"
