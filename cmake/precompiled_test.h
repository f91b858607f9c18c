// The headers that most tests read beside those of src/: cmake/Folders.cmake compiles them once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "precompiled_library.h"
