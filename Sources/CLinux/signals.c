// SPDX-License-Identifier: Apache-2.0
// Signals as bytes in a pipe. Handlers, unlike ignored signals, are not inherited by programs that are started.
#include "CLinux.h"

static int reel_signal_pipe = -1;

static void reel_note_signal(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe means that enough signals are waiting to be seen.
    ssize_t written = write(reel_signal_pipe, &byte, 1);
    (void)written;
    errno = saved;
}

static void reel_swallow_signal(int number) { (void)number; }

int reel_watch_signals(const int *numbers, int count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    // The reader waits, the handler never does.
    if (fcntl(ends[0], F_SETFL, 0) != 0) return -1;
    reel_signal_pipe = ends[1];
    struct sigaction action = {.sa_handler = reel_note_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int index = 0; index < count; index++)
        if (sigaction(numbers[index], &action, NULL) != 0) return -1;
    return ends[0];
}

int reel_swallow(int number) {
    struct sigaction action = {.sa_handler = reel_swallow_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL);
}

int reel_terminal_size(int fd, unsigned short *columns, unsigned short *rows) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
