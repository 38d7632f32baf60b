package cluster

import (
	"bytes"
	"context"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/emberml/ember/spark/connect"
	"github.com/emberml/ember/spark/worker"
)

// emberFile is the name of the program on executors whose PYSPARK_PYTHON it is.
const emberFile = "ember"

// shipment is this program on its way to the executors of a Spark session, and what
// they are supposed to be, or have been found to be.
type shipment struct {
	session *connect.Session
	server  string // its address
	named   string // [Options].WorkerBinary
	traits
	corrections struct{ python, program, system bool } // made already
	slots       int                                    // tasks that can run at once
	once        bool                                   // Spark takes barriers, where it does not try a failed task again
	binary      worker.Binary                          // how the workers find the program
	packed      []byte                                 // the program, compressed
	own         func() (parcel, error)                 // this program, being compressed already; may be nil
}

// send ships the program, and counts the slots. What the executors are besides is
// supposed, if it is not to be asked.
func (s *shipment) send(ctx context.Context, ask bool) error {
	known := s.suppose(ctx)
	var counted, sent error
	if !known && runtime.GOOS != "linux" { // which executors hardly ever are
		if s.System, s.slots, counted = executors(ctx, s.session); counted != nil {
			return &Error{Rank: -1, Cause: counted.Error()}
		}
	}
	var both sync.WaitGroup
	if s.slots == 0 {
		both.Go(func() { s.slots, counted = countSlots(ctx, s.session) })
	}
	both.Go(func() { sent = s.prepare(ctx, s.System) })
	both.Wait()
	if counted != nil {
		counted = &Error{Rank: -1, Cause: counted.Error()}
	}
	if sent == nil && s.isEmber() {
		sent = s.shipPlain(ctx, s.System)
	}
	if err := errors.Join(sent, counted); err != nil {
		return err
	}
	if ask && !known {
		return s.findPython(ctx)
	}
	return nil
}

// prepare packs and ships the program for a platform.
func (s *shipment) prepare(ctx context.Context, p platform) (err error) {
	if s.binary, err = s.pack(ctx, p); err != nil {
		return err
	}
	return s.ship(ctx)
}

// pack finds the program for the executors' platform, and compresses it for the way.
func (s *shipment) pack(ctx context.Context, p platform) (worker.Binary, error) {
	path, err := programFor(ctx, p, s.named)
	if err != nil {
		return worker.Binary{}, err
	}
	var packed parcel
	if own, _ := os.Executable(); s.own != nil && path == own {
		packed, err = s.own()
	} else {
		packed, err = packFile(path)
	}
	s.packed = packed.content
	packed.binary.Platform = p.String()
	return packed.binary, err
}

// ship sends the program to the session.
func (s *shipment) ship(ctx context.Context) error {
	if err := s.session.AddArtifact(ctx, "files/"+s.binary.Name, bytes.NewReader(s.packed), int64(len(s.packed))); err != nil {
		return &Error{Rank: -1, Cause: "the program cannot be sent to the executors: " + err.Error()}
	}
	return nil
}

// shipPlain sends the program under the name that PYSPARK_PYTHON has for it.
func (s *shipment) shipPlain(ctx context.Context, p platform) error {
	path, err := programFor(ctx, p, s.named)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("the program for the workers: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = s.session.AddArtifact(ctx, "files/"+emberFile, f, info.Size())
	}
	if err != nil {
		return &Error{Rank: -1, Cause: "the program cannot be sent to the executors: " + err.Error()}
	}
	return nil
}

// platform is an operating system and an architecture, in Go's words.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

// MarshalText writes a platform as String does, and UnmarshalText reads it.
func (p platform) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p *platform) UnmarshalText(text []byte) error {
	p.os, p.arch, _ = strings.Cut(string(text), "/")
	return nil
}

// javaPlatform translates what Java calls os.name and os.arch.
func javaPlatform(name, arch string) platform {
	p := platform{os: strings.ToLower(name), arch: arch}
	switch {
	case strings.HasPrefix(p.os, "mac"):
		p.os = "darwin"
	case strings.HasPrefix(p.os, "windows"):
		p.os = "windows"
	}
	switch arch {
	case "x86_64":
		p.arch = "amd64"
	case "aarch64":
		p.arch = "arm64"
	}
	return p
}

// programFor finds the program for a platform: the one named, this one itself, a
// release binary beside it, or one that Go's toolchain builds from this program's
// module.
func programFor(ctx context.Context, p platform, named string) (string, error) {
	if named != "" {
		return named, checkProgram(named, p)
	}
	own, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("this program's own file, to send it to the workers: %w", err)
	}
	if p == (platform{runtime.GOOS, runtime.GOARCH}) {
		return own, nil
	}
	beside := fmt.Sprintf("%s-%s-%s", strings.TrimSuffix(own, ".exe"), p.os, p.arch)
	if p.os == "windows" {
		beside += ".exe"
	}
	if _, err := os.Stat(beside); err == nil {
		return beside, checkProgram(beside, p)
	}
	built, err := build(ctx, p)
	if err != nil {
		return "", &Error{
			Rank: -1, Cause: fmt.Sprintf("the executors are %v, and this program is %s/%s; there is no %s, and it could not be built: %v", p, runtime.GOOS, runtime.GOARCH, beside, err),
			Hint: fmt.Sprintf("build it where its source is, and name it with --worker-binary:\n\n  CGO_ENABLED=0 GOOS=%s GOARCH=%s go build -trimpath -o %s %s\n", p.os, p.arch, filepath.Base(beside), mainPackage()),
		}
	}
	return built, nil
}

// mainPackage is the import path of this program.
func mainPackage() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Path != "" {
		return info.Path
	}
	return "."
}

// build builds this program for another platform, if its module is at hand. The file
// stays in the user's cache, for the next time.
func build(ctx context.Context, p platform) (string, error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return "", errors.New("there is no Go toolchain")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	pkg := mainPackage()
	out := filepath.Join(dir, "ember", "worker", fmt.Sprintf("%s-%s-%s", filepath.Base(pkg), p.os, p.arch))
	cmd := exec.CommandContext(ctx, goTool, "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, oneLine(string(text)))
	}
	return out, nil
}

// machines are the architectures in the heads of programs.
var machines = map[string]struct {
	elf   elf.Machine
	macho macho.Cpu
	pe    uint16
}{
	"amd64":   {elf.EM_X86_64, macho.CpuAmd64, pe.IMAGE_FILE_MACHINE_AMD64},
	"arm64":   {elf.EM_AARCH64, macho.CpuArm64, pe.IMAGE_FILE_MACHINE_ARM64},
	"ppc64le": {elf: elf.EM_PPC64},
	"s390x":   {elf: elf.EM_S390},
	"riscv64": {elf: elf.EM_RISCV},
}

// checkProgram is an error if a file is no program for the platform.
func checkProgram(path string, p platform) error {
	f, err := os.Open(path)
	if err != nil {
		return &Error{Rank: -1, Cause: "the program for the workers: " + err.Error()}
	}
	defer f.Close()
	if !runsOn(f, p) {
		return &Error{
			Rank: -1, Cause: fmt.Sprintf("%s is no program for %v, which the executors are", path, p),
			Hint: fmt.Sprintf("build it with GOOS=%s GOARCH=%s", p.os, p.arch),
		}
	}
	return nil
}

func runsOn(f io.ReaderAt, p platform) bool {
	m := machines[p.arch]
	switch p.os {
	case "darwin":
		h, err := macho.NewFile(f)
		return err == nil && h.Cpu == m.macho
	case "windows":
		h, err := pe.NewFile(f)
		return err == nil && h.Machine == m.pe
	}
	h, err := elf.NewFile(f)
	return err == nil && h.Machine == m.elf
}
