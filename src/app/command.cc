#include "app/command.h"

#include <cstdio>

namespace chiliad::app {

void fail(const Error& error, int exit_code) {
  std::fprintf(stderr, "chiliad: %s\n", error.message.c_str());
  throw Exit{exit_code};
}

}  // namespace chiliad::app
