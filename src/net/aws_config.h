// What the AWS tools read from the environment and from ~/.aws/credentials and ~/.aws/config.
//
// Settings are looked up by profile: AWS_PROFILE, else "default". In the credentials file a profile is a section
// [name]; in the config file it is [profile name] ([default] alone is written without). A section [services name], to
// which a profile points, may hold settings of one service, indented: "s3 =" and below it "  endpoint_url = ...".
//
// Source: AWS SDKs and Tools reference guide, "Shared config and credentials files", "Service-specific endpoints".
//
// Thread safety: immutable once loaded.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace chiliad::net {

// The value of an environment variable; empty when unset. A parameter, so that tests need not change the process.
using Environment = std::function<std::string(const std::string& name)>;
Environment process_environment();

class AwsConfig {
 public:
  // A file that is missing or unreadable counts as empty, as with the AWS tools.
  static AwsConfig load(const Environment& environment);
  // The same from the texts of the two files. Lines that make no sense are read over, as the AWS tools do.
  static AwsConfig parse(std::string profile, std::string_view credentials, std::string_view config);

  const std::string& profile() const { return profile_; }
  // Whether the chosen profile stands in either file.
  bool has_profile() const { return !credentials_.empty() || !config_.empty(); }

  // Of the credentials file's profile first, then of the config file's.
  std::optional<std::string> setting(std::string_view name) const;
  // Of the profile's [services] section: service_setting("s3", "endpoint_url").
  std::optional<std::string> service_setting(std::string_view service, std::string_view name) const;

 private:
  using Section = std::map<std::string, std::string, std::less<>>;

  std::string profile_;
  Section credentials_;
  Section config_;
  Section services_;
};

// The region: AWS_REGION, AWS_DEFAULT_REGION, the profile's, "us-east-1".
std::string aws_region(const Environment& environment, const AwsConfig& config);

// The address of a service ("S3"): AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's for the service, the
// profile's; empty: AWS itself. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves all of them out.
std::string aws_endpoint(const Environment& environment, const AwsConfig& config, std::string_view service);

}  // namespace chiliad::net
