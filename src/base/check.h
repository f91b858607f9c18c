// CHILIAD_CHECK: ends the process when a promise inside the program is broken.
//
// For bugs only. Bad input, however strange, is an Error (base/result.h). Checks stay on in release builds:
// a wrong forecast served quietly costs more than a restart.

#pragma once

#include <cstdio>
#include <cstdlib>

namespace chiliad {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "chiliad: broken promise at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace chiliad

#define CHILIAD_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::chiliad::check_failed(#condition, __FILE__, __LINE__))
