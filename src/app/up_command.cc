// Starts the platform, waits for SIGTERM or SIGINT, ends it in order.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/command.h"
#include "app/commands.h"
#include "app/platform.h"
#include "app/runtime_flags.h"
#include "app/serve_flags.h"
#include "app/server_process.h"
#include "app/size_text.h"
#include "app/time_flag.h"
#include "base/file.h"

namespace chiliad::app {
namespace {

struct UpFlags {
  std::string home;
  std::string listen = "127.0.0.1:8080";
  std::string memory_budget = "1G";
  std::string disk_budget = "10G";
  std::string container_memory;
  std::string container_disk = "10G";
  std::string job_memory;
  std::string job_volume;
  std::int64_t drain_ms = 30'000;
  std::int64_t grace_ms = 120'000;
  std::string port_file;
  std::vector<std::string> limits;
  RuntimeFlags runtime;
  PlatformOptions platform;
};

template <class T>
T value_of_flag(Result<T> result, std::string_view flag) {
  if (!result) fail(std::move(result).error().in(flag), kExitUsage);
  return *std::move(result);
}

// Above 0: what nothing fits into is no budget.
std::uint64_t read_size(const std::string& text, std::string_view flag) {
  const std::uint64_t size = value_of_flag(parse_size(text), flag);
  if (size == 0) fail({ErrorCode::kInvalid, std::string(flag) + ": expected more than 0 bytes"}, kExitUsage);
  return size;
}

// Values that no server could work with, and halves of what takes both.
void check_flags(const PlatformOptions& options) {
  const auto usage = [](std::string message) { fail({ErrorCode::kInvalid, std::move(message)}, kExitUsage); };
  const bool plain = std::ranges::all_of(
      options.region, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; });
  if (!plain || options.region.empty() || options.region.size() > 32)
    usage("--region: expected 1 to 32 lower-case letters, digits and hyphens, not '" + options.region + "'");
  if (options.max_connections == 0) usage("--max-connections: expected 1 or more");
  if (options.certificate.empty() != options.private_key.empty())
    usage("--tls-certificate and --tls-key: expected both or neither");  // One alone would serve without TLS.
}

PlatformOptions read_flags(const UpFlags& flags) {
  PlatformOptions options = flags.platform;
  options.home = std::filesystem::absolute(flags.home.empty() ? value_or_fail(default_home(), kExitUsage)
                                                              : std::filesystem::path(flags.home));
  ListenAddress listen = value_or_fail(parse_listen(flags.listen), kExitUsage);
  options.address = std::move(listen.address);
  options.port = listen.port;
  options.memory_budget_bytes = read_size(flags.memory_budget, "--memory-budget");
  options.disk_budget_bytes = value_of_flag(parse_size(flags.disk_budget), "--disk-budget");
  if (!flags.container_memory.empty())
    options.container_memory_bytes = read_size(flags.container_memory, "--container-memory");
  options.container_disk_bytes = read_size(flags.container_disk, "--container-disk");
  if (!flags.job_memory.empty()) options.job_memory_bytes = read_size(flags.job_memory, "--job-memory");
  if (!flags.job_volume.empty()) options.job_max_volume_bytes = read_size(flags.job_volume, "--job-volume");
  options.drain = std::chrono::milliseconds(flags.drain_ms);
  options.grace = std::chrono::milliseconds(flags.grace_ms);
  for (const std::string& limit : flags.limits)
    static_cast<void>(value_of_flag(control::set_limit(options.limits, limit), "--limit"));
  check_flags(options);
  static_cast<void>(value_or_fail(check_port_file(flags.port_file), kExitUsage));
  options.tls = options.tls || !options.certificate.empty();
  options.catalog = value_of_flag(read_catalog(flags.runtime, options.home), "--runtimes");
  options.environments = value_or_fail(environment_options(flags.runtime, options.home), kExitUsage);
  return options;
}

void announce(const PlatformOptions& options, const Platform& platform) {
  const std::string home = options.home.string();
  if (platform.made_first_key()) {
    std::fprintf(stderr, "chiliad: the first key was made: %s/credentials\n", home.c_str());
  }
  if (options.no_auth) std::fprintf(stderr, "chiliad: --no-auth: whoever reaches the port may do everything\n");
  std::fprintf(stderr, "chiliad: ready at %s\n", platform.server().url.c_str());
  std::fprintf(stderr, "chiliad: point AWS's clients at it: eval \"$(chiliad env --home %s)\"\n", home.c_str());
}

void run_up(const UpFlags& flags) {
  const PlatformOptions options = read_flags(flags);
  block_stop_signals();
  const std::unique_ptr<Platform> platform = value_or_fail(Platform::start(options));
  const std::string& url = platform->server().url;
  value_or_fail(write_port_file(flags.port_file, url.substr(url.rfind(':') + 1)));
  announce(options, *platform);
  wait_for_stop_signal();
  std::fprintf(stderr, "chiliad: stopping: answering what is running\n");
  if (const std::uint64_t cut = platform->stop(); cut > 0) {
    fail(Error{ErrorCode::kDeadline, std::to_string(cut) + " connections were still busy after --drain"});
  }
  std::fprintf(stderr, "chiliad: stopped\n");
}

}  // namespace

void add_up_command(CLI::App& app) {
  const auto flags = std::make_shared<UpFlags>();
  CLI::App* command = app.add_subcommand("up", "SageMaker, its runtime, S3, STS, IAM and CloudWatch on one port");
  PlatformOptions& platform = flags->platform;
  command->add_option("--home", flags->home,
                      "Folder of all state (default: CHILIAD_HOME, else ~/.local/share/chiliad)");
  command->add_option("--listen", flags->listen, "ADDRESS:PORT; port 0 takes a free one")->capture_default_str();
  command->add_flag("--no-auth", platform.no_auth, "Check no signatures; only where this machine alone can call");
  command->add_option(
      "--store", platform.store,
      "s3://[PREFIX]: buckets are those of a real S3 (AWS_ENDPOINT_URL_S3 and its keys in the environment)");
  command->add_option("--region", platform.region, "The region that clients name")->capture_default_str();
  command->add_flag("--sync", platform.sync, "Answered changes survive a power cut too, not only kill -9");
  command->add_option("--memory-budget", flags->memory_budget, "Bytes of models in memory")->capture_default_str();
  command->add_option("--disk-budget", flags->disk_budget, "Bytes of models fetched from a real S3")
      ->capture_default_str();
  command->add_option("--container-memory", flags->container_memory,
                      "Bytes of memory of all foreign model servers (default: half of the machine's)");
  command->add_option("--container-disk", flags->container_disk, "Bytes of their unpacked models")
      ->capture_default_str();
  command->add_option("--threads", platform.threads, "Threads that answer (0: one a core)")->check(CLI::Range(0, 1024));
  command->add_option("--instances", platform.instances, "Processes of jobs at a time (0: one a core)")
      ->check(CLI::Range(0, 10'000));
  command->add_option("--job-memory", flags->job_memory,
                      "Bytes of memory of an instance of user code (default: no limit)");
  command->add_option("--job-processes", platform.job_processes, "Processes and threads of an instance of user code")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command->add_option("--job-volume", flags->job_volume,
                      "Bytes that such an instance may write, whatever its VolumeSizeInGB (default: that)");
  command->add_option("--max-connections", platform.max_connections, "Open connections; more get 503")
      ->capture_default_str();
  command->add_option("--drain", flags->drain_ms, "How long running requests may take to end after SIGTERM")
      ->transform(time_with_unit())
      ->default_str("30s");
  command->add_option("--grace", flags->grace_ms, "How long a job's processes may take to end after SIGTERM")
      ->transform(time_with_unit())
      ->default_str("120s");
  command->add_option("--limit", flags->limits,
                      "NAME=N: another limit than Amazon's; may be repeated. Names: " + control::limit_names());
  command->add_flag("--keep-job-folders", platform.keep_job_folders, "Folders of ended jobs stay, for a look");
  add_runtime_flags(*command, flags->runtime);
  command->add_flag("--tls", platform.tls,
                    "HTTPS with a certificate of its own making; chiliad env names its authority");
  command->add_option("--tls-certificate", platform.certificate, "HTTPS with this certificate chain (PEM)");
  command->add_option("--tls-key", platform.private_key, "and this private key (PEM)");
  command->add_option("--host-name", platform.host_names,
                      "A further name in the certificate of --tls; may be repeated");
  command->add_option("--port-file", flags->port_file, "File to write the port to, once it answers");
  command->callback([flags] { run_up(*flags); });
}

}  // namespace chiliad::app
