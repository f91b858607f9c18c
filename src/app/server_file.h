// ServerFile: what a running `chiliad up` tells the other commands of the same home folder.
//
//   <home>/run/server.json   {"url": "http://127.0.0.1:8080", "pid": 4711, "region": "us-east-1", "account": "...",
//                             "signatures": true, "ca_bundle": "", "s3_url": ""}
//   <home>/run/lock          locked as long as the server runs: kill -9 gives it back
//
// Thread safety: one thread at a time.

#pragma once

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace chiliad::app {

// --home where none is given: $CHILIAD_HOME, else $XDG_DATA_HOME/chiliad, else ~/.local/share/chiliad.
// Errors: kInvalid: neither of them is set.
Result<std::filesystem::path> default_home();

struct ServerFile {
  std::string url;  // What clients take as AWS_ENDPOINT_URL.
  int pid = 0;
  std::string region;
  std::string account;
  bool signatures = true;   // Checked; false: --no-auth.
  std::string ca_bundle;    // The certificates that clients of a self-made one must trust; empty: none.
  std::string s3_url = {};  // Where the objects lie when they are in a real S3; empty: here.

  // Replaces the file whole. Errors: as write_file_atomically().
  Result<Done> write(const std::filesystem::path& home) const;
  // Errors: kNotFound: no server runs for this home (also when it left the file behind); kCorrupt.
  static Result<ServerFile> read(const std::filesystem::path& home);
};

// The right to be the server of a home, until the object goes or the process ends.
class HomeLock {
 public:
  // Makes <home> (mode 0700) and <home>/run if need be. Errors: kConflict: another server has it; as base/file.h.
  static Result<HomeLock> take(const std::filesystem::path& home);

 private:
  explicit HomeLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace chiliad::app
