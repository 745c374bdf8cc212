package harness

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// The requests of the Linux pseudo-terminal driver and the size of a terminal.
// https://man7.org/linux/man-pages/man4/pts.4.html and https://man7.org/linux/man-pages/man2/TIOCSWINSZ.2const.html
const (
	tiocgptn   = 0x80045430
	tiocsptlck = 0x40045431
	tiocswinsz = 0x5414
	tcgets     = 0x5401
)

// openTerminal makes a pseudo-terminal of the given size: what is written to inside can be read from outside.
func openTerminal(columns, rows uint16) (outside, inside *os.File, err error) {
	outside, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	var number uint32
	var unlocked int32
	size := [4]uint16{rows, columns, 0, 0}
	err = control(outside, tiocsptlck, unsafe.Pointer(&unlocked)) //nolint:gosec // ioctl takes pointers
	if err == nil {
		err = control(outside, tiocgptn, unsafe.Pointer(&number)) //nolint:gosec // ioctl takes pointers
	}
	if err == nil {
		inside, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err == nil {
		err = control(inside, tiocswinsz, unsafe.Pointer(&size)) //nolint:gosec // ioctl takes pointers
	}
	if err != nil {
		outside.Close()
	}
	return outside, inside, err
}

// isTerminal says whether the file is a terminal.
func isTerminal(file *os.File) bool {
	var settings [64]byte
	return control(file, tcgets, unsafe.Pointer(&settings)) == nil //nolint:gosec // ioctl takes pointers
}

func control(file *os.File, request uintptr, argument unsafe.Pointer) error {
	_, _, code := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(argument))
	if code != 0 {
		return code
	}
	return nil
}
