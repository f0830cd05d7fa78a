// SPDX-License-Identifier: Apache-2.0
// Linux calls and constants that Swift's Glibc overlay does not show.
#ifndef REEL_CLINUX_H
#define REEL_CLINUX_H

// No _GNU_SOURCE here: Swift's own Glibc module is built without it, and two modules must agree on every struct.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

// What the system headers show under _GNU_SOURCE only; values of the generic kernel ABI.
#ifndef O_PATH
#define O_PATH 010000000
#endif
#ifndef O_TMPFILE
#define O_TMPFILE 020200000
#endif
#ifndef O_NOATIME
#define O_NOATIME 01000000
#endif
#ifndef O_DIRECT
#define O_DIRECT 040000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef SEEK_DATA
#define SEEK_DATA 3
#define SEEK_HOLE 4
#endif
#ifndef CLONE_NEWNS
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWCGROUP 0x02000000
#define CLONE_NEWUTS 0x04000000
#define CLONE_NEWIPC 0x08000000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWPID 0x20000000
#define CLONE_NEWNET 0x40000000
#endif
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#endif
int unshare(int flags);
int setns(int fd, int nstype);
int pipe2(int fds[2], int flags);
int syncfs(int fd);
ssize_t copy_file_range(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len, unsigned flags);
int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, unsigned flags);
int fallocate(int fd, int mode, off_t offset, off_t len);

/// openat2(2): opens `path` below `dirfd` under the RESOLVE_* rules in `resolve`. Returns -1 and sets errno on failure.
int reel_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/// Whether two struct stat agree in all that shows that a file changed: size, mtime, ctime, inode, device, mode.
int reel_same_stat(const struct stat *a, const struct stat *b);

/// CRC-32C (Castagnoli) as EROFS wants it: continues `crc` over `length` bytes, no final inversion.
uint32_t reel_crc32c(uint32_t crc, const void *data, size_t length);

/// openat(2) with its variadic argument made plain.
int reel_openat(int dirfd, const char *path, int flags, mode_t mode);

/// A file in memory without a name, closed when another program is started.
int reel_memory_file(void);

/// The st_mtim/st_ctim of `s`, as nanoseconds since 1970.
int64_t reel_mtime_ns(const struct stat *s);
int64_t reel_ctime_ns(const struct stat *s);

/// Writes the number of each of these signals, when it comes, as a byte into a pipe, and returns the pipe's end to read
/// from; -1 with errno on failure. To be called once.
int reel_watch_signals(const int *numbers, int count);

/// Lets a signal pass without effect, in this program and not in those that it starts.
int reel_swallow(int number);

/// Asks the kernel to start writing a range of a file to the disk, and does not wait for it; sync_file_range(2).
int reel_start_writing(int fd, long long offset, long long count);

/// The size in characters of the terminal `fd`; -1 with errno where it is none.
int reel_terminal_size(int fd, unsigned short *columns, unsigned short *rows);

#include "containers.h"

#endif
