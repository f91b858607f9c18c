// The options of `chiliad serve` as values, and what the environment of a SageMaker container adds to them.
//
// Thread safety: values; serve_flags_from_environment() reads the environment.

#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace chiliad::app {

struct ServeFlags {
  std::string models;  // A folder or s3://...; as a container the folder that holds the platform's models.
  std::string listen;  // Empty: 127.0.0.1:8080, as a container 0.0.0.0:8080.
  std::string endpoint = "chiliad";
  std::string memory_budget = "1G";
  std::string disk_budget = "10G";
  std::string disk_folder;  // Empty: one of its own below the folder for temporary files.
  std::int64_t revalidate_ms = 5'000;
  std::int64_t load_wait_ms = 10'000;
  std::int64_t drain_ms = 30'000;
  int threads = 0;       // 0: one a core that this process may use.
  int load_threads = 0;  // 0: as threads, but 16 for S3.
  std::size_t max_waiting_loads = 256;
  std::size_t max_connections = 10'000;
  std::string max_request = "6291456";
  std::string max_model = "64M";
  std::string port_file;
  std::string access_log;
  bool container = false;
};

// An address and a port: "127.0.0.1:8080", "[::1]:0".
struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;
};

// Errors: kInvalid, with the text.
Result<ListenAddress> parse_listen(std::string_view text);

void add_serve_flags(CLI::App& command, ServeFlags& flags);

// Values that no server could work with. Errors: kInvalid, naming the option.
Result<Done> check_serve_flags(const ServeFlags& flags);

// SAGEMAKER_MULTI_MODEL=true: as --container. As a container also SAGEMAKER_BIND_TO_PORT and
// SAGEMAKER_MAX_REQUEST_SIZE, where the command line says nothing. Errors: kInvalid, naming the variable.
Result<Done> complete_from_environment(ServeFlags& flags, bool max_request_given);

}  // namespace chiliad::app
