// Any bytes as a pip.conf: variables of pip alone, never a crash; and as URLs, whose secrets are parts of them.

#include <cstdint>
#include <cstdlib>

#include "runtime/pip_settings.h"
#include "runtime/url_secrets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& [name, value] : chiliad::runtime::read_pip_config({reinterpret_cast<const char*>(data), size})) {
    if (!name.starts_with("PIP_")) std::abort();
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> secrets = chiliad::runtime::secrets_of(text);
  for (const std::string& secret : secrets) {
    if (secret.empty() || text.find(secret) == text.npos) std::abort();
  }
  chiliad::runtime::without_secrets(text, secrets);
  return 0;
}
