// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CLinux.h"
#include <sys/syscall.h>

int reel_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}

int reel_memory_file(void) { return memfd_create("reel", MFD_CLOEXEC); }

int reel_openat(int dirfd, const char *path, int flags, mode_t mode) { return openat(dirfd, path, flags, mode); }

int64_t reel_mtime_ns(const struct stat *s) { return (int64_t)s->st_mtim.tv_sec * 1000000000 + s->st_mtim.tv_nsec; }
int64_t reel_ctime_ns(const struct stat *s) { return (int64_t)s->st_ctim.tv_sec * 1000000000 + s->st_ctim.tv_nsec; }

int reel_same_stat(const struct stat *a, const struct stat *b) {
    return a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_mode == b->st_mode &&
           reel_mtime_ns(a) == reel_mtime_ns(b) && reel_ctime_ns(a) == reel_ctime_ns(b);
}

static uint32_t table[256];

__attribute__((constructor)) static void fill(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ 0x82F63B78u : c >> 1;
        table[i] = c;
    }
}

uint32_t reel_crc32c(uint32_t crc, const void *data, size_t length) {
    const unsigned char *p = data;
    while (length--) crc = table[(crc ^ *p++) & 0xFF] ^ (crc >> 8);
    return crc;
}

int reel_start_writing(int fd, long long offset, long long count) {
    return sync_file_range(fd, offset, count, SYNC_FILE_RANGE_WRITE);
}
