// SPDX-License-Identifier: Apache-2.0
// Linked into a test program, puts it into namespaces of its own before its first thread starts, as `reel` does in main.
#ifndef REEL_TEST_NAMESPACE_H
#define REEL_TEST_NAMESPACE_H

/// Whether the namespaces could be entered: 1 or 0. Calling it makes sure that this target is linked.
int reel_test_has_namespaces(void);

#endif
