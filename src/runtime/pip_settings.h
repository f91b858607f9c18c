// PipSettings: what pip is told on this machine of its index, certificates and proxies, as variables that go into a
// box.
//
//     PIP_* and proxies of the server's environment   >   $PIP_CONFIG_FILE   >   the user's pip.conf   > /etc/pip.conf
//
// A box sees none of these files; what they say is put into words that pip reads from its environment, and files and
// folders that they name become mounts.
//
// Rule the rest relies on: for_programs() holds no secret. A URL with a user, a query or a token in it (url_secrets.h)
// and a client's certificate are left out there: builds (pip in a box of its own) may use them, jobs and model servers
// do not see them, and PipSettings::secrets says what must not be printed.
//
// Source: pip's documentation, "Configuration"; the variables of Python's ssl, requests and urllib.
//
// Thread safety: pure functions but for files that are read.

#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "process/box.h"

namespace chiliad::runtime {

struct PipSettings {
  std::map<std::string, std::string> variables;
  std::vector<process::Mount> mounts;  // Read-only, at the same path inside.
  std::vector<std::string> secrets;    // Parts of the values, as without_secrets() takes them.
};

// The empty text stands for a variable that is not set.
using VariableLookup = std::function<std::string(const char* name)>;

// A pip.conf as the variables that say the same: [global] and, over it, [install]; keys that this program does not hand
// on are left out. Lines that are none of an INI file are skipped: pip on the host would have complained.
std::map<std::string, std::string> read_pip_config(std::string_view text);

class PipConfiguration {
 public:
  // Reads the environment and the files. A file that cannot be read counts as empty.
  static PipConfiguration read(const VariableLookup& variable,
                               const std::filesystem::path& system_file = "/etc/pip.conf");

  PipSettings for_builds() const;
  PipSettings for_programs() const;

 private:
  std::map<std::string, std::string> variables_;
};

// Whether a value may hold a URL with a secret in it: one of secrets_of(), or an '@' anywhere.
bool holds_secret(std::string_view value);

}  // namespace chiliad::runtime
