// CHILIAD_MULTIVERSION: compiles a function twice, for AVX2 with FMA and for the baseline, and picks at the start of
// the process. Sanitizers do not work with the linker feature behind it; there the baseline is used.
//
// Results may differ in the last bits between machines with and without AVX2, never between two runs on one machine.

#pragma once

#include "base/sanitized.h"

#if !CHILIAD_SANITIZED && defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define CHILIAD_MULTIVERSION __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define CHILIAD_MULTIVERSION
#endif
