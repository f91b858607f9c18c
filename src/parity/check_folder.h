// Every reference file of a folder, one after the other.
//
// Thread safety: pure but for reading the files.

#pragma once

#include <filesystem>
#include <functional>

#include "base/result.h"
#include "parity/check_case.h"

namespace chiliad::parity {

// Checks the files "*.json" and "*.json.gz" of `folder` in the order of their names and calls each(report) as they are
// done. Files of other formats than those of doc/parity.md are reported as skipped. Returns how many were checked or
// skipped. Errors: kNotFound: no such folder, or no such file in it.
Result<int> check_folder(const std::filesystem::path& folder, const std::function<void(const CaseReport&)>& each);

// One file. What cannot be read is a failure.
CaseReport check_file(const std::filesystem::path& file);

}  // namespace chiliad::parity
