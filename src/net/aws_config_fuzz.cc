// Any bytes as the two files of the AWS tools, the second behind the first zero byte: what they set is found or not,
// and never blank.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/aws_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiliad;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(all.find('\0'), all.size());
  const std::string_view second = all.substr(std::min(end + 1, all.size()));
  const net::Environment no_environment = [](const std::string&) { return std::string(); };
  for (const char* profile : {"", "work"}) {
    const net::AwsConfig config = net::AwsConfig::parse(profile, all.substr(0, end), second);
    CHILIAD_CHECK(config.profile() == (*profile == '\0' ? "default" : profile));
    for (const char* name : {"aws_access_key_id", "aws_secret_access_key", "region", "services", "endpoint_url"}) {
      const std::optional<std::string> value = config.setting(name);
      CHILIAD_CHECK(!value || (config.has_profile() && !value->empty() && value->find('\n') == value->npos));
      CHILIAD_CHECK(!value || (value->front() != ' ' && value->back() != ' '));
    }
    const std::optional<std::string> own = config.service_setting("S3", "endpoint_url");
    CHILIAD_CHECK(!own || !own->empty());
    CHILIAD_CHECK(!net::aws_region(no_environment, config).empty());
    const std::string endpoint = net::aws_endpoint(no_environment, config, "S3");
    CHILIAD_CHECK(!own || endpoint == *own || endpoint.empty());
  }
  return 0;
}
