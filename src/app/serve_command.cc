// Wires store, cache, freshness and HTTP server together, waits for SIGTERM or SIGINT, drains.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/access_log.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/failed_loads.h"
#include "app/serve_flags.h"
#include "app/server_process.h"
#include "app/size_text.h"
#include "base/file.h"
#include "serve/freshness.h"
#include "serve/model_server.h"

namespace chiliad::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

template <class T>
T value_or_fail(Result<T> result, std::string_view context) {
  if (!result) {
    const int code = result.error().code == ErrorCode::kInvalid ? kExitUsage : kExitFailed;
    fail(std::move(result).error().in(context), code);
  }
  return std::move(*result);
}

// What a running server consists of. It ends from the outside in: nobody may be called that is gone.
struct Parts {
  Parts() = default;
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() {
    http.reset();
    if (handler) handler->stop();
    watch.reset();
    revalidator.reset();
    cache.reset();  // Calls the handler for those who still wait for a load.
  }

  std::unique_ptr<store::ObjectStore> store;
  std::unique_ptr<serve::ModelSource> source;
  serve::ListedSource* listed = nullptr;  // `source` as a container.
  serve::Metrics metrics;
  std::unique_ptr<serve::ModelCache> cache;
  std::unique_ptr<serve::FolderWatch> watch;
  std::unique_ptr<serve::Revalidator> revalidator;
  std::unique_ptr<AccessLog> access_log;
  std::unique_ptr<serve::ModelServer> handler;
  std::unique_ptr<net::HttpServer> http;
};

bool in_s3(const ServeFlags& flags) { return flags.models.starts_with("s3://"); }

// A bucket that is not there is told before any client asks; a store that does not answer may do so later.
void look_at_bucket(store::ObjectStore& store) {
  const Result<store::ListPage> page =
      store.list({.max_keys = 1}, std::chrono::steady_clock::now() + std::chrono::seconds(5));
  if (page) return;
  const ErrorCode code = page.error().code;
  if (code == ErrorCode::kNotFound || code == ErrorCode::kInvalid) fail(Error(page.error()).in("--models"));
  std::fprintf(stderr, "chiliad: --models: %s\n", page.error().message.c_str());
}

void open_source(const ServeFlags& flags, Parts& parts) {
  serve::ModelLimits limits;
  limits.archive_bytes = value_or_fail(parse_size(flags.max_model), "--max-model");
  limits.unpacked_bytes = 4 * limits.archive_bytes;
  std::error_code error;
  if (!in_s3(flags) && !fs::is_directory(flags.models, error)) {
    fail(Error{ErrorCode::kNotFound, "--models: there is no folder " + flags.models});
  }
  if (flags.container) {
    auto listed = std::make_unique<serve::ListedSource>(flags.models, limits);
    parts.listed = listed.get();
    parts.source = std::move(listed);
    return;
  }
  parts.store = value_or_fail(store::open_store(flags.models), "--models");
  if (in_s3(flags)) look_at_bucket(*parts.store);
  parts.source = std::make_unique<serve::StoreSource>(*parts.store, !in_s3(flags), limits);
}

// Opens the cache; without --disk-folder in the first folder of this user that no other server has.
std::unique_ptr<serve::ModelCache> open_cache(const ServeFlags& flags, int threads, serve::ModelSource& source) {
  serve::ModelCache::Options options;
  options.memory_budget_bytes = value_or_fail(parse_size(flags.memory_budget), "--memory-budget");
  options.disk_budget_bytes = value_or_fail(parse_size(flags.disk_budget), "--disk-budget");
  options.load_threads = flags.load_threads > 0 ? flags.load_threads : in_s3(flags) ? 16 : threads;
  options.max_waiting_loads = flags.max_waiting_loads;
  options.evict = !flags.container;
  options.on_failed_load = [told = std::make_shared<FailedLoads>()](std::string_view name, const Error& error) {
    std::fputs(told->line(name, error, std::chrono::steady_clock::now()).c_str(), stderr);
  };
  constexpr int kFolders = 64;
  for (int i = 0;; ++i) {
    options.disk_folder =
        flags.disk_folder.empty()
            ? fs::temp_directory_path() / ("chiliad-disk-" + std::to_string(::geteuid()) + "-" + std::to_string(i))
            : fs::path(flags.disk_folder);
    Result<std::unique_ptr<serve::ModelCache>> cache = serve::ModelCache::open(options, source);
    const bool taken = !cache && cache.error().code == ErrorCode::kConflict;
    if (taken && flags.disk_folder.empty() && i < kFolders) continue;
    return value_or_fail(std::move(cache), "open the cache");
  }
}

// Inotify for a folder, comparing versions for S3 and where inotify has no more watches.
void keep_fresh(const ServeFlags& flags, Parts& parts) {
  if (parts.store == nullptr) return;
  static constexpr milliseconds kPolling{500};
  const auto poll = [&parts](milliseconds pause) {
    if (parts.revalidator) return;
    parts.revalidator = std::make_unique<serve::Revalidator>(*parts.store, *parts.cache, parts.metrics, pause);
  };
  if (in_s3(flags)) {
    if (flags.revalidate_ms > 0) poll(milliseconds(flags.revalidate_ms));
    return;
  }
  Result<std::unique_ptr<serve::FolderWatch>> watch =
      serve::FolderWatch::start(flags.models, *parts.cache, parts.metrics, [poll] {
        std::fprintf(stderr, "chiliad: no inotify watches left: the folder is compared twice a second\n");
        poll(kPolling);
      });
  if (watch) {
    parts.watch = std::move(*watch);
  } else {
    std::fprintf(stderr, "chiliad: %s: the folder is compared twice a second\n", watch.error().message.c_str());
    poll(kPolling);
  }
}

void start_http(const ServeFlags& flags, int threads, Parts& parts) {
  const ListenAddress listen = value_or_fail(parse_listen(flags.listen), "serve");
  net::HttpServerOptions options;
  options.address = listen.address;
  options.port = listen.port;
  options.threads = threads;
  options.max_connections = connections_allowed(flags.max_connections);
  options.limits.max_body_bytes = value_or_fail(parse_size(flags.max_request), "--max-request");
  if (!flags.access_log.empty()) {
    parts.access_log = value_or_fail(AccessLog::open(flags.access_log), "--access-log");
    options.on_answer = [log = parts.access_log.get()](const net::HttpRequest& request, int status, std::size_t bytes) {
      log->write(request, status, bytes);
    };
  }
  serve::ModelServer::Options handler;
  handler.endpoint = flags.endpoint;
  handler.location = parts.store ? parts.store->location() : flags.models;
  handler.container = flags.container;
  handler.load_wait = milliseconds(flags.load_wait_ms);
  handler.threads = threads;
  parts.handler = std::make_unique<serve::ModelServer>(*parts.cache, parts.listed, parts.metrics, handler);
  parts.http = value_or_fail(net::HttpServer::start(options, *parts.handler), "serve");
  parts.handler->show_http([http = parts.http.get()] { return http->counters(); });
}

void announce(const ServeFlags& flags, const Parts& parts) {
  const std::string address = flags.listen.substr(0, flags.listen.rfind(':'));
  const std::string url = "http://" + address + ":" + std::to_string(parts.http->port());
  std::fprintf(stderr, "chiliad: serving %s at %s%s\n", flags.models.c_str(), url.c_str(),
               flags.container ? "/models" : ("/endpoints/" + flags.endpoint + "/invocations").c_str());
  value_or_fail(write_port_file(flags.port_file, std::to_string(parts.http->port())), "--port-file");
}

void serve(ServeFlags flags, bool max_request_given) {
  value_or_fail(complete_from_environment(flags, max_request_given), "serve");
  value_or_fail(check_serve_flags(flags), "serve");
  if (flags.models.empty()) fail(Error{ErrorCode::kInvalid, "serve: --models is required"}, kExitUsage);
  value_or_fail(check_port_file(flags.port_file), "serve");
  block_stop_signals();
  const int threads = flags.threads > 0 ? flags.threads : usable_cores();
  Parts parts;
  open_source(flags, parts);
  parts.cache = open_cache(flags, threads, *parts.source);
  keep_fresh(flags, parts);
  start_http(flags, threads, parts);
  announce(flags, parts);

  wait_for_stop_signal();
  std::fprintf(stderr, "chiliad: stopping: answering what is running\n");
  const std::uint64_t cut = parts.http->drain(milliseconds(flags.drain_ms));
  if (parts.access_log && parts.access_log->lost() > 0) {
    std::fprintf(stderr, "chiliad: --access-log: %llu lines could not be written to %s\n",
                 static_cast<unsigned long long>(parts.access_log->lost()), parts.access_log->path().c_str());
  }
  if (cut > 0) {
    fail(Error{ErrorCode::kDeadline, std::to_string(cut) + " connections were still busy after --drain"});
  }
  std::fprintf(stderr, "chiliad: stopped\n");
}

}  // namespace

void add_serve_command(CLI::App& app) {
  const auto flags = std::make_shared<ServeFlags>();
  CLI::App* command = app.add_subcommand("serve", "Answer forecasts over HTTP from a folder or bucket of models");
  add_serve_flags(*command, *flags);
  command->callback([flags, command] { serve(*flags, command->count("--max-request") > 0); });
}

}  // namespace chiliad::app
