// SPDX-License-Identifier: Apache-2.0
// A rule for devices on a control group of the second generation.
#define _GNU_SOURCE
#include "CLinux.h"
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#define OP(c, d, s, o, i) ((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define LOAD(d, s, o) OP(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define JUMP_EQ(d, i, o) OP(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, i)
#define JUMP_NE(d, i, o) OP(BPF_JMP | BPF_JNE | BPF_K, d, 0, o, i)
#define AND(d, i) OP(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
#define SHIFT(d, i) OP(BPF_ALU64 | BPF_RSH | BPF_K, d, 0, 0, i)
#define MOVE(d, s) OP(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define SET(d, i) OP(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define RETURN OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

int reel_confine_devices(int group) {
    // Nodes may be made; what may be opened are the character devices 1:3,5,7,8,9 (null, zero, full, random, urandom),
    // 5:0,2 (tty, ptmx) and 136:* (pseudo terminals).
    struct bpf_insn program[] = {
        LOAD(2, 1, 0),                                    // kind of access << 16 | kind of device
        MOVE(3, 2), SHIFT(3, 16), AND(3, 6),              // reading or writing?
        JUMP_EQ(3, 0, 18),                                // no: allow
        AND(2, 0xFFFF), JUMP_NE(2, BPF_DEVCG_DEV_CHAR, 10),
        LOAD(4, 1, 4), LOAD(5, 1, 8),                     // major, minor
        JUMP_EQ(4, 136, 13),
        JUMP_EQ(4, 5, 8),
        JUMP_NE(4, 1, 5),
        JUMP_EQ(5, 3, 10), JUMP_EQ(5, 5, 9), JUMP_EQ(5, 7, 8), JUMP_EQ(5, 8, 7), JUMP_EQ(5, 9, 6),
        SET(0, 0), RETURN,
        JUMP_EQ(5, 0, 3), JUMP_EQ(5, 2, 2),
        SET(0, 0), RETURN,
        SET(0, 1), RETURN,
    };
    union bpf_attr load, attach;
    memset(&load, 0, sizeof load);
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insns = (uint64_t)(uintptr_t)program;
    load.insn_cnt = sizeof program / sizeof *program;
    load.license = (uint64_t)(uintptr_t) "Apache-2.0";
    int rule = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    if (rule < 0) return -1;
    memset(&attach, 0, sizeof attach);
    attach.target_fd = (uint32_t)group;
    attach.attach_bpf_fd = (uint32_t)rule;
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    int result = (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach);
    int code = errno;
    close(rule);
    errno = code;
    return result;
}
