package cluster

import "syscall"

// mountSmall mounts a file system in memory of the given size.
func mountSmall(dir, size string) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)
}
