#include "app/platform.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "app/platform_metrics.h"
#include "app/server_process.h"
#include "control/sagemaker.h"
#include "control/work.h"
#include "gateway/gateway.h"
#include "hosting/hosting.h"
#include "identity/directory.h"
#include "identity/iam.h"
#include "identity/sts.h"
#include "job/job.h"
#include "job/runtime.h"
#include "job/user_runtime.h"
#include "net/aws_config.h"
#include "net/certificate.h"
#include "net/credentials.h"
#include "net/http_server.h"
#include "objects/service.h"
#include "process/podman.h"
#include "process/sandbox.h"
#include "role/credential_port.h"
#include "role/role_access.h"
#include "store/bucket_store.h"
#include "store/buckets.h"
#include "watch/counters_text.h"
#include "watch/log_service.h"
#include "watch/log_store.h"
#include "watch/metric_service.h"
#include "watch/metric_store.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;

bool in_s3(const PlatformOptions& options) { return !options.store.empty(); }

// Errors: kInvalid: not "s3://[prefix]".
Result<store::S3Options> s3_options(std::string_view location) {
  constexpr std::string_view kScheme = "s3://";
  if (!location.starts_with(kScheme)) {
    return Error{ErrorCode::kInvalid, "--store: expected s3://, found '" + std::string(location) + "'"};
  }
  store::S3Options options;
  options.prefix = std::string(location.substr(kScheme.size()));
  if (!options.prefix.empty() && !options.prefix.ends_with('/')) options.prefix += '/';
  return options;
}

std::string host_in_url(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

// Tells of the look for files that were put there by hand: every five seconds, and at the end what it found.
class ScanNotes {
 public:
  void operator()(const store::ScanReport& report, const Result<Done>* end) {
    constexpr std::chrono::seconds kPause{5};
    const auto now = std::chrono::steady_clock::now();
    if (end == nullptr && now - told_ < kPause) return;
    told_ = now;
    if (end != nullptr && !*end) {
      std::fprintf(
          stderr,
          "chiliad: store: the look for files put there by hand ended early: %s; `chiliad store scan` repeats it\n",
          (*end).error().message.c_str());
      return;
    }
    const bool found = report.added + report.updated + report.removed + report.complaints.size() > 0;
    if (end != nullptr && !found && now - begun_ < kPause) return;  // Nothing that anybody waited for.
    std::string text = fmt::format("{} {} files: {} new, {} changed, {} gone",
                                   end == nullptr ? "looking for files put there by hand," : "looked at", report.files,
                                   report.added, report.updated, report.removed);
    if (!report.complaints.empty()) text += "; not taken in: " + report.complaints.front();
    if (report.complaints.size() > 1) text += " and others (`chiliad store scan` names them)";
    std::fprintf(stderr, "chiliad: store: %s\n", text.c_str());
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now(), told_ = begun_;
};

}  // namespace

// In the order in which they are opened; they end in the opposite one.
struct Platform::Parts {
  explicit Parts(PlatformOptions asked) : options(std::move(asked)) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() { close(); }

  Result<Done> open();
  void adopt_s3_key();
  Result<Done> open_stores();
  Result<Done> open_runtimes();
  Result<Done> open_services();
  Result<Done> open_port();
  std::uint64_t close();

  PlatformOptions options;
  std::optional<HomeLock> lock;
  std::unique_ptr<identity::Directory> directory;
  std::unique_ptr<watch::LogStore> logs;
  std::unique_ptr<watch::MetricStore> metrics;
  std::shared_ptr<store::BucketStore> bucket_store;  // Null with a real S3.
  std::shared_ptr<store::Buckets> buckets;
  std::unique_ptr<role::RoleAccess> role_access;  // Null without signatures: whoever calls may do everything.
  std::unique_ptr<role::CredentialPort> credentials;
  std::unique_ptr<process::BoxRunner> boxes;
  std::unique_ptr<process::BoxRunner> images;                 // Boxes whose root is a container image's.
  std::unique_ptr<runtime::PythonEnvironments> environments;  // What images stand for: options.catalog.
  std::unique_ptr<hosting::Hosting> hosting;
  std::unique_ptr<control::SageMaker> sagemaker;
  std::unique_ptr<job::Runner> runner;
  std::unique_ptr<control::LocalWork> work;
  std::unique_ptr<identity::Sts> sts;
  std::unique_ptr<identity::Iam> iam;
  std::unique_ptr<watch::LogService> log_service;
  std::unique_ptr<watch::MetricService> metric_service;
  std::unique_ptr<watch::MetricQueryService> metric_query_service;
  std::unique_ptr<aws::HttpService> s3;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<net::HttpServer> http;
  ServerFile server;
  bool made_first_key = false;
};

Result<Done> Platform::Parts::open() {
  if (options.no_auth) {
    if (Result<Done> may = gateway::may_listen_without_auth(options.address); !may) return std::move(may).error();
  }
  Result<HomeLock> taken = HomeLock::take(options.home);
  if (!taken) return std::move(taken).error();
  lock.emplace(*std::move(taken));
  for (const auto step : {&Parts::open_stores, &Parts::open_runtimes, &Parts::open_services, &Parts::open_port}) {
    if (Result<Done> done = (this->*step)(); !done) return done;
  }
  return Done{};
}

// Clients of an installation whose objects lie in a real S3 sign for both with one key: they know no other way.
void Platform::Parts::adopt_s3_key() {
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  Result<net::Credentials> key = net::CredentialSource(net::process_environment()).get(deadline);
  Result<Done> adopted = Error{ErrorCode::kInvalid, "it is a session's key, which ends"};
  if (!key) {
    adopted = std::move(key).error();
  } else if (key->session_token.empty()) {
    adopted = directory->adopt_key(key->access_key_id, key->secret_access_key, options.home / "credentials");
  }
  if (adopted) return;
  std::fprintf(stderr, "chiliad: --store: the key of the S3 is none here, clients need two: %s\n",
               adopted.error().message.c_str());
}

Result<Done> Platform::Parts::open_stores() {
  const fs::path state = options.home / "state";
  std::error_code error;
  fs::create_directories(state, error);
  if (error) return system_error("make folder", state, error.value());
  fs::permissions(state, fs::perms::owner_all, error);

  identity::Directory::Options directory_options;
  directory_options.region = options.region;
  directory_options.sync = options.sync;
  directory_options.on_failure = [](const Error& failure) {
    std::fprintf(stderr, "chiliad: identity: %s\n", failure.message.c_str());
  };
  Result<std::unique_ptr<identity::Directory>> opened_directory =
      identity::Directory::open(state, std::move(directory_options));
  if (!opened_directory) return std::move(opened_directory).error();
  directory = *std::move(opened_directory);
  if (in_s3(options)) adopt_s3_key();
  Result<std::optional<identity::CreatedKey>> key = directory->first_key(options.home / "credentials");
  if (!key) return std::move(key).error().in("the first key");
  made_first_key = key->has_value();

  Result<std::unique_ptr<watch::LogStore>> opened_logs = watch::LogStore::open(state, {});
  if (!opened_logs) return std::move(opened_logs).error();
  logs = *std::move(opened_logs);
  Result<std::unique_ptr<watch::MetricStore>> opened_metrics = watch::MetricStore::open(state / "watch.db", {});
  if (!opened_metrics) return std::move(opened_metrics).error();
  metrics = *std::move(opened_metrics);

  if (in_s3(options)) {
    Result<store::S3Options> s3_at = s3_options(options.store);
    if (!s3_at) return std::move(s3_at).error();
    Result<std::string> address = store::s3_address(*s3_at);
    if (!address) return std::move(address).error().in("--store");
    server.s3_url = *std::move(address);
    Result<std::shared_ptr<store::Buckets>> opened = store::open_s3_buckets(*std::move(s3_at));
    if (!opened) return std::move(opened).error().in("--store");
    buckets = *std::move(opened);
    return Done{};
  }
  store::BucketStore::Options store_options;
  store_options.sync = options.sync;
  store_options.scan_at_open = true;
  store_options.on_scan = ScanNotes{};
  Result<std::shared_ptr<store::BucketStore>> opened = store::BucketStore::open(options.home, store_options);
  if (!opened) return std::move(opened).error();
  bucket_store = *std::move(opened);
  buckets = store::BucketStore::buckets(bucket_store);
  return Done{};
}

// Whether boxes can run here is found out by the first job or model that needs one: chiliad's own do not.
Result<Done> Platform::Parts::open_runtimes() {
  boxes = process::bubblewrap();
  images = process::podman();
  if (options.environments.folder.empty()) options.environments.folder = options.home / "environments";
  Result<std::unique_ptr<runtime::PythonEnvironments>> opened =
      runtime::PythonEnvironments::open(options.environments, *boxes);
  if (!opened) return std::move(opened).error().in("--environments");
  environments = *std::move(opened);
  return Done{};
}

Result<Done> Platform::Parts::open_services() {
  if (!options.no_auth) role_access = std::make_unique<role::RoleAccess>(*directory, *buckets);
  Result<std::unique_ptr<role::CredentialPort>> opened_credentials =
      role::CredentialPort::open(*directory, options.no_auth);
  if (!opened_credentials) return std::move(opened_credentials).error();
  credentials = *std::move(opened_credentials);
  hosting::HostingOptions hosting_options;
  hosting_options.access = role_access.get();
  hosting_options.state_folder = options.home / "state";
  hosting_options.cache_folder = options.home / "cache";
  hosting_options.local = !in_s3(options);
  hosting_options.memory_budget_bytes = options.memory_budget_bytes;
  hosting_options.disk_budget_bytes = options.disk_budget_bytes;
  hosting_options.threads = options.threads;
  hosting_options.region = options.region;
  hosting_options.catalog = &options.catalog;
  hosting_options.boxes = boxes.get();
  hosting_options.podman = images.get();
  hosting_options.environments = environments.get();
  hosting_options.credentials = credentials.get();
  hosting_options.container_folder = options.home / "containers";
  hosting_options.container_memory_bytes = options.container_memory_bytes;
  hosting_options.container_disk_bytes = options.container_disk_bytes;
  Result<std::unique_ptr<hosting::Hosting>> opened_hosting =
      hosting::Hosting::open(std::move(hosting_options), *buckets, *logs, *metrics);
  if (!opened_hosting) return std::move(opened_hosting).error();
  hosting = *std::move(opened_hosting);

  control::SageMakerOptions control_options;
  control_options.on_failure = [](const Error& failure) {
    std::fprintf(stderr,
                 "chiliad: control.db: what became of a job or an endpoint was not written down: %s. It is taken up "
                 "again at the next start.\n",
                 failure.message.c_str());
  };
  control_options.limits = options.limits;
  control_options.state = options.home / "state";
  control_options.region = options.region;
  control_options.sync = options.sync;
  Result<std::unique_ptr<control::SageMaker>> opened_control = control::SageMaker::open(std::move(control_options));
  if (!opened_control) return std::move(opened_control).error();
  sagemaker = *std::move(opened_control);

  job::RunnerOptions runner_options;
  runner_options.access = role_access.get();
  runner_options.folder = options.home / "jobs";
  runner_options.instances = options.instances;
  runner_options.grace = options.grace;
  runner_options.keep_folders = options.keep_job_folders;
  std::vector<std::unique_ptr<job::Runtime>> runtimes;
  runtimes.push_back(job::native_runtime(options.catalog));
  job::UserRuntimeOptions user_options;
  user_options.credentials = credentials.get();
  user_options.memory_bytes = options.job_memory_bytes;
  user_options.processes = options.job_processes;
  user_options.max_volume_bytes = options.job_max_volume_bytes;
  runtimes.push_back(job::user_runtime(options.catalog, *environments, *boxes, images.get(), user_options));
  Result<std::unique_ptr<job::Runner>> opened_runner = job::Runner::open(
      std::move(runner_options), std::move(runtimes), *buckets, *logs, *metrics, sagemaker->job_observer());
  if (!opened_runner) return std::move(opened_runner).error();
  runner = *std::move(opened_runner);
  work = std::make_unique<control::LocalWork>(*runner, *hosting);

  sts = std::make_unique<identity::Sts>(*directory);
  iam = std::make_unique<identity::Iam>(*directory);
  log_service = std::make_unique<watch::LogService>(*logs);
  metric_service = std::make_unique<watch::MetricService>(*metrics);
  metric_query_service = std::make_unique<watch::MetricQueryService>(*metric_service);
  if (bucket_store) {
    objects::S3ServiceOptions s3_service_options;
    s3_service_options.region = options.region;
    s3 = std::make_unique<objects::S3Service>(bucket_store, std::move(s3_service_options));
  } else {
    s3 = std::make_unique<objects::ElsewhereService>(server.s3_url);
  }
  return Done{};
}

Result<Done> Platform::Parts::open_port() {
  gateway::Services services;
  services.json = {{"SageMaker", "sagemaker", sagemaker.get()},
                   {"Logs_20140328", "logs", log_service.get()},
                   {"GraniteServiceVersion20100801", "monitoring", metric_service.get()}};
  services.query = {
      {"sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", sts.get()},
      {"iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", iam.get()},
      {"monitoring", std::string(watch::kMetricVersion), std::string(watch::kMetricXmlns), metric_query_service.get()}};
  services.runtime = hosting.get();
  services.objects = s3.get();
  gateway::GatewayOptions gateway_options;
  gateway_options.region = options.region;
  gateway_options.no_auth = options.no_auth;
  gateway_options.metrics = [this](std::string& text) {
    watch::append_counters(text, logs->counters(), metrics->counters());
    append_capture_counters(text, hosting->capture_counters());
    if (http) append_http_counters(text, http->counters());
  };
  gateway = std::make_unique<gateway::Gateway>(*directory, std::move(services), std::move(gateway_options));

  net::HttpServerOptions http_options = gateway::server_options(options.address, options.port, options.threads);
  http_options.max_connections = connections_allowed(options.max_connections);
  http_options.on_accept_failure = [](const Error& failure) {
    std::fprintf(stderr, "chiliad: %s\n", failure.message.c_str());
  };
  if (options.tls) {
    http_options.certificate_chain = options.certificate;
    http_options.private_key = options.private_key;
    if (options.certificate.empty()) {
      std::vector<std::string> names = options.host_names;
      Result<net::CertificateFiles> files =
          net::ensure_certificate(options.home / "tls", names, std::chrono::system_clock::now());
      if (!files) return std::move(files).error();
      http_options.certificate_chain = files->chain;
      http_options.private_key = files->private_key;
      server.ca_bundle = files->authority.string();
    }
  }
  // What had not ended is taken up first: whoever gets through the port finds it there.
  if (Result<Done> resumed = sagemaker->resume(*work); !resumed) return std::move(resumed).error();
  Result<std::unique_ptr<net::HttpServer>> started = net::HttpServer::start(std::move(http_options), *gateway);
  if (!started) return std::move(started).error();
  http = *std::move(started);

  server.url =
      (options.tls ? "https://" : "http://") + host_in_url(options.address) + ":" + std::to_string(http->port());
  server.pid = ::getpid();
  server.region = options.region;
  server.account = std::string(aws::kDefaultAccount);
  server.signatures = !options.no_auth;
  credentials->serve({server.url, server.s3_url, server.ca_bundle});
  return server.write(options.home);
}

std::uint64_t Platform::Parts::close() {
  const std::uint64_t cut = http ? http->drain(options.drain) : 0;
  http.reset();
  gateway.reset();
  if (credentials) credentials->close();
  if (sagemaker) sagemaker->shutdown();
  s3.reset();
  runner.reset();
  hosting.reset();
  work.reset();
  sagemaker.reset();
  environments.reset();
  boxes.reset();
  images.reset();
  credentials.reset();
  role_access.reset();
  buckets.reset();
  bucket_store.reset();
  return cut;
}

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::start(PlatformOptions options) {
  // A thread's own arena holds megabytes that nobody uses; what is short-lived and large goes back at once.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
  if (options.threads == 0) options.threads = usable_cores();
  if (options.tls && options.certificate.empty() != options.private_key.empty()) {
    return Error{ErrorCode::kInvalid, "--tls-certificate and --tls-key go together"};
  }
  auto parts = std::make_unique<Parts>(std::move(options));
  if (Result<Done> opened = parts->open(); !opened) return std::move(opened).error();
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

const ServerFile& Platform::server() const { return parts_->server; }
bool Platform::made_first_key() const { return parts_->made_first_key; }
std::uint64_t Platform::stop() { return parts_->close(); }

}  // namespace chiliad::app
