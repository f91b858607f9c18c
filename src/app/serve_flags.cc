#include "app/serve_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "app/size_text.h"
#include "app/time_flag.h"
#include "base/number.h"

namespace chiliad::app {
namespace {

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
  const Error refused{ErrorCode::kInvalid,
                      "--listen: expected ADDRESS:PORT such as 127.0.0.1:8080, not '" + std::string(text) + "'"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return refused;
  std::string_view address = text.substr(0, colon);
  if (address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string_view::npos) {
    return refused;  // An IPv6 address needs its brackets.
  }
  const std::optional<std::int64_t> port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65'535 || address.empty()) return refused;
  return ListenAddress{address == "localhost" ? "127.0.0.1" : std::string(address), static_cast<std::uint16_t>(*port)};
}

Result<Done> check_serve_flags(const ServeFlags& flags) {
  const auto invalid = [](std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; };
  const bool letters = std::ranges::all_of(flags.endpoint, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
  if (!letters || flags.endpoint.empty() || flags.endpoint.size() > 63 || flags.endpoint.front() == '-')
    return invalid("--endpoint: expected 1 to 63 letters, digits and hyphens, not '" + flags.endpoint + "'");
  if (flags.max_waiting_loads == 0) return invalid("--max-waiting-loads: expected 1 or more");
  if (flags.max_connections == 0) return invalid("--max-connections: expected 1 or more");
  if (flags.load_wait_ms == 0) return invalid("--load-wait: expected more than 0: no model would ever be waited for");
  for (const auto& [name, text] :
       {std::pair("--max-request", flags.max_request), std::pair("--max-model", flags.max_model),
        std::pair("--memory-budget", flags.memory_budget)}) {
    Result<std::uint64_t> size = parse_size(text);
    if (!size) return std::move(size).error().in(name);
    if (*size == 0) return invalid(std::string(name) + ": expected more than 0 bytes");
  }
  return Done{};
}

void add_serve_flags(CLI::App& command, ServeFlags& flags) {
  command.add_option("--models", flags.models,
                     "Folder or s3://bucket/prefix of the models (with --container: the folder "
                     "of the platform's models, default /opt/ml/models)");
  command.add_option("--listen", flags.listen,
                     "ADDRESS:PORT; port 0 takes a free one (default 127.0.0.1:8080, with --container 0.0.0.0:8080)");
  command.add_option("--endpoint", flags.endpoint, "Name in /endpoints/NAME/invocations")->capture_default_str();
  command.add_option("--memory-budget", flags.memory_budget, "Bytes of models in memory")->capture_default_str();
  command.add_option("--disk-budget", flags.disk_budget, "Bytes of fetched models kept on disk (S3 only; 0: none)")
      ->capture_default_str();
  command.add_option("--disk-folder", flags.disk_folder, "Where they are kept: a folder for this server alone");
  command
      .add_option("--revalidate", flags.revalidate_ms, "How often models in memory are compared with S3 (0s: never)")
      ->transform(time_with_unit())
      ->default_str("5s");
  command.add_option("--load-wait", flags.load_wait_ms, "How long a request waits for its model before it gets 429")
      ->transform(time_with_unit())
      ->default_str("10s");
  command.add_option("--drain", flags.drain_ms, "How long running requests may take to end after SIGTERM")
      ->transform(time_with_unit())
      ->default_str("30s");
  command.add_option("--threads", flags.threads, "Threads that answer (0: one a core)")->check(CLI::Range(0, 1024));
  command.add_option("--load-threads", flags.load_threads, "Models loaded at a time (0: as --threads; 16 for S3)")
      ->check(CLI::Range(0, 256));
  command.add_option("--max-waiting-loads", flags.max_waiting_loads, "Models that may wait to be loaded; more get 429")
      ->capture_default_str();
  command.add_option("--max-connections", flags.max_connections, "Open connections; more get 503")
      ->capture_default_str();
  command.add_option("--max-request", flags.max_request, "Bytes of a request's body; more get 413")
      ->capture_default_str();
  command.add_option("--max-model", flags.max_model, "Bytes of a stored model")->capture_default_str();
  command.add_option("--port-file", flags.port_file, "File to write the port to, once it answers");
  command.add_option("--access-log", flags.access_log, "File for one line of JSON a request; - is standard error");
  command.add_flag("--container", flags.container,
                   "As a SageMaker multi-model container: models come by POST /models, a full memory is 507");
}

Result<Done> complete_from_environment(ServeFlags& flags, bool max_request_given) {
  const char* multi_model = variable("SAGEMAKER_MULTI_MODEL");
  if (multi_model != nullptr && std::string_view(multi_model) == "true" && flags.models.empty()) flags.container = true;
  if (flags.container && flags.models.empty()) flags.models = "/opt/ml/models";
  if (flags.listen.empty()) {
    const char* port = flags.container ? variable("SAGEMAKER_BIND_TO_PORT") : nullptr;
    flags.listen = std::string(flags.container ? "0.0.0.0:" : "127.0.0.1:") + (port != nullptr ? port : "8080");
  }
  const char* size = flags.container && !max_request_given ? variable("SAGEMAKER_MAX_REQUEST_SIZE") : nullptr;
  if (size != nullptr) {
    if (!parse_integer(size)) {
      return Error{ErrorCode::kInvalid, std::string("SAGEMAKER_MAX_REQUEST_SIZE: expected bytes, not '") + size + "'"};
    }
    flags.max_request = size;
  }
  return Done{};
}

}  // namespace chiliad::app
