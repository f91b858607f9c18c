#include "hosting/container_hosts.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "hosting/container_host.h"
#include "hosting/container_machine.h"

namespace chiliad::hosting {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kEnds = 8;  // Servers that end at a time.
constexpr std::size_t kMaxEnds = 100'000;
constexpr std::size_t kMaxWaitingCalls = 256;  // Of one server.
constexpr milliseconds kLastCalls{60'000};     // What still holds a server then holds it for ever.
constexpr milliseconds kLastGrace{10'000};     // When this process ends, in place of 30 s.
constexpr milliseconds kLook{200};
constexpr auto kCheckTime = std::chrono::seconds(30);
constexpr std::string_view kSubmitDirectory = "SAGEMAKER_SUBMIT_DIRECTORY";

std::uint64_t half_of_the_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) / 2 : 0;
}

Result<Done> check_prefix(store::Buckets& buckets, const S3Location& location) {
  Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(location.bucket);
  if (!store) return std::move(store).error().in(location.uri());
  store::ListRequest request;
  request.prefix = location.key;
  request.max_keys = 1;
  Result<store::ListPage> page = (*store)->list(request, steady_clock::now() + kCheckTime);
  if (!page) return std::move(page).error().in(location.uri());
  return Done{};
}

// The code that the model's environment names in the store; none: it names none there.
Result<std::optional<container::Source>> code_of(const ModelPlan& plan,
                                                 const std::shared_ptr<store::Buckets>& buckets) {
  const auto named = plan.environment.find(std::string(kSubmitDirectory));
  if (named == plan.environment.end() || !named->second.starts_with("s3://")) return std::optional<container::Source>();
  Result<S3Location> location = parse_s3_uri(named->second);
  if (!location) return std::move(location).error().in(std::string(kSubmitDirectory) + " of model " + plan.model_name);
  return std::optional<container::Source>({buckets, location->bucket, location->key});
}

}  // namespace

// ---------------------------------------------------------------------------------------------------
// One server
// ---------------------------------------------------------------------------------------------------

ContainerHost::Machine::~Machine() {
  if (server == nullptr) return;
  server->stop(kGrace);
  callers.reset();
  membership->leave();
  models.reset();
  server.reset();
}

void ContainerHost::Machine::note(std::string_view line) {
  const std::string text = "chiliad: " + std::string(line);
  const watch::LogLine entry{watch::now_in_milliseconds(), text};
  logs->append(log.group, log.stream, {&entry, 1});
}

ContainerHosts::State::State(Options its_options, Around its_around, std::unique_ptr<container::Fleet> its_fleet)
    : options(std::move(its_options)),
      around(its_around),
      fleet(std::move(its_fleet)),
      answers(std::make_shared<AnswerMemory>(options.answer_bytes)),
      ends(kEnds, kMaxEnds) {}

void ContainerHosts::State::retire(std::unique_ptr<Machine> machine) {
  machine->server->stop(kGrace);
  {
    const MutexLock lock(mutex);
    retired.push_back(std::move(machine));
  }
  // A thread of `ends` ends it and not this one, which may be a thread of the machine's own queue. Where too many end
  // at once it waits for the next, or for the very end.
  static_cast<void>(ends.submit([this] { end_one(); }));
  const MutexLock lock(mutex);
  if (--in_use == 0) none_in_use.notify_all();  // From here on the state may be gone.
}

void ContainerHosts::State::end_one() {
  std::unique_ptr<Machine> machine;  // Ended without the lock.
  const MutexLock lock(mutex);
  if (retired.empty()) return;
  machine = std::move(retired.back());
  retired.pop_back();
}

std::vector<std::shared_ptr<ContainerHosts::State::Machine>> ContainerHosts::State::machines() {
  std::vector<std::shared_ptr<Machine>> all;
  const MutexLock lock(mutex);
  std::erase_if(known, [&all](const std::weak_ptr<Machine>& one) {
    std::shared_ptr<Machine> machine = one.lock();
    if (machine == nullptr) return true;
    all.push_back(std::move(machine));
    return false;
  });
  return all;
}

Result<std::shared_ptr<ContainerHosts::State::Machine>> ContainerHosts::State::make(const runtime::Entry& entry,
                                                                                    const ModelPlan& plan,
                                                                                    const Log& log) {
  const bool multi = plan.mode == Mode::kMultiModel;
  const std::shared_ptr<store::Buckets> buckets = around.access.of(plan.role_arn);
  container::Program::Plan program;
  S3Location location;
  if (!plan.model_data_url.empty()) {
    Result<S3Location> parsed = parse_s3_uri(plan.model_data_url);
    if (!parsed) return std::move(parsed).error().in("ModelDataUrl of model " + plan.model_name);
    location = multi ? as_folder(std::move(*parsed)) : std::move(*parsed);
    if (!multi && (location.key.empty() || location.key.ends_with('/'))) {
      return Error{ErrorCode::kInvalid, "ModelDataUrl of model " + plan.model_name + ": '" + plan.model_data_url +
                                            "' names no archive; a prefix of many models needs Mode MultiModel"};
    }
    if (!multi) program.model = container::Source{buckets, location.bucket, location.key};
  }
  Result<std::optional<container::Source>> code = code_of(plan, buckets);
  if (!code) return std::move(code).error();
  program.entry = entry;
  program.image = plan.image;
  program.multi_model = multi;
  program.environment = plan.environment;
  program.role_arn = plan.role_arn;
  program.code = std::move(*code);
  program.fetch_limit = plan.download_limit;
  Result<std::unique_ptr<container::Program>> made =
      container::Program::make(std::move(program), {*fleet, around.environments, around.credentials});
  if (!made) return std::move(made).error();

  auto fresh = std::make_unique<Machine>();
  Machine* const machine = fresh.get();
  machine->multi = multi;
  machine->model_name = plan.model_name;
  machine->location = location;
  machine->load_wait = options.load_wait;
  machine->answers = answers;
  machine->log = {log.group, log.stream + "/" + random_text("0123456789abcdef", 16)};
  machine->logs = &around.logs;
  machine->output = std::make_unique<watch::LogWriter>(around.logs, machine->log.group, machine->log.stream);
  machine->program = std::move(*made);
  machine->callers = std::make_unique<container::CallQueue>(options.calls, kMaxWaitingCalls);

  container::ModelServer::Options server_options;
  server_options.startup = plan.startup_limit;
  server_options.grace = kGrace;
  container::ModelServer::Calls calls;
  calls.make = [machine](const container::Ports& ports, const std::atomic<bool>& cancelled) {
    return machine->program->prepare(ports, cancelled, [machine](std::string_view line) { machine->note(line); });
  };
  calls.output = [machine](std::string_view bytes) { machine->output->write(bytes, watch::now_in_milliseconds()); };
  calls.output_end = [machine] { machine->output->finish(watch::now_in_milliseconds()); };
  calls.note = [machine](std::string_view line) { machine->note(line); };
  process::BoxRunner& runner = entry.kind == runtime::Kind::kOci ? *around.podman : around.boxes;
  machine->server = std::make_unique<container::ModelServer>(server_options, std::move(calls), runner, fleet->ports());
  make_models(*machine, plan, buckets);
  std::shared_ptr<Machine> shared(fresh.release(), [this](Machine* last) { retire(std::unique_ptr<Machine>(last)); });
  const MutexLock lock(mutex);
  ++in_use;
  if (ending) shared->server->stop(kLastGrace);
  known.push_back(shared);
  return shared;
}

// The fleet's view of the server; and the models of a multi-model one.
void ContainerHosts::State::make_models(Machine& machine, const ModelPlan& plan,
                                        const std::shared_ptr<store::Buckets>& buckets) {
  Machine* const raw = &machine;
  container::Models::Options options_of_models;
  options_of_models.keep = plan.cache_models;
  options_of_models.fetch_limit = plan.download_limit;
  container::Models::Calls calls;
  calls.downloaded = [tally = machine.tally](std::chrono::nanoseconds time) { tally->downloaded(time); };
  calls.loaded = [tally = machine.tally](std::chrono::nanoseconds time) { tally->loaded(time); };
  calls.unloaded = [tally = machine.tally](std::chrono::nanoseconds time) { tally->unloaded(time); };
  calls.note = [raw](std::string_view line) { raw->note(line); };
  calls.make_room = [raw] { raw->membership->make_room(); };
  calls.free_disk = [this] { return fleet->drop_oldest(); };
  if (machine.multi) {
    machine.models = std::make_unique<container::Models>(
        options_of_models, container::Models::Place{buckets, machine.location.bucket, machine.location.key},
        machine.program->shelf(), *machine.server, std::move(calls));
  }
  container::Fleet::Member member;
  member.resident_bytes = [raw] { return raw->server->resident_bytes(); };
  member.loaded = [raw] {
    const std::size_t loaded = raw->models ? raw->models->loaded() : 0;
    raw->tally->models_in_memory = static_cast<std::int64_t>(loaded);
    return loaded;
  };
  member.oldest = [raw] { return raw->models ? raw->models->oldest() : std::nullopt; };
  member.drop_oldest = [raw] { return raw->models && raw->models->drop_oldest(); };
  member.restart = [raw](std::string_view reason) {
    if (const std::optional<container::Run> run = raw->server->now()) raw->server->restart(*run, reason);
  };
  machine.membership = fleet->add(std::move(member));
}

// ---------------------------------------------------------------------------------------------------
// ContainerHosts
// ---------------------------------------------------------------------------------------------------

ContainerHosts::ContainerHosts(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ContainerHosts>> ContainerHosts::open(Options options, Around around) {
  container::Fleet::Options fleet_options;
  fleet_options.folder = options.folder;
  fleet_options.disk_bytes = options.disk_bytes;
  fleet_options.memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : half_of_the_memory();
  Result<std::unique_ptr<container::Fleet>> fleet = container::Fleet::open(std::move(fleet_options));
  if (!fleet) return std::move(fleet).error();
  return std::unique_ptr<ContainerHosts>(
      new ContainerHosts(std::make_unique<State>(std::move(options), around, std::move(*fleet))));
}

ContainerHosts::~ContainerHosts() {
  begin_end();
  std::vector<std::unique_ptr<State::Machine>> late;
  {
    // A call that was answered a moment ago may still hold its endpoint, on its way out of a queue's thread.
    const Deadline until = steady_clock::now() + kLastCalls;
    const MutexLock lock(state_->mutex);
    while (state_->in_use > 0 && state_->none_in_use.wait_until(state_->mutex, until)) {
    }
    if (state_->in_use > 0) {  // Somebody keeps one for ever: the state stays as long.
      static_cast<void>(state_.release());
      return;
    }
  }
  state_->ends.stop();
  const MutexLock lock(state_->mutex);
  late.swap(state_->retired);
}

void ContainerHosts::begin_end() {
  {
    const MutexLock lock(state_->mutex);
    state_->ending = true;
  }
  for (const std::shared_ptr<State::Machine>& machine : state_->machines()) machine->server->stop(kLastGrace);
}

Result<std::shared_ptr<ModelHost>> ContainerHosts::open_host(const runtime::Entry& entry, const ModelPlan& plan,
                                                             const Log& log, bool check,
                                                             const std::function<bool()>& abandoned) {
  if (entry.kind == runtime::Kind::kOci && state_->around.podman == nullptr)
    return Error{ErrorCode::kInvalid, "The image of model " + plan.model_name + ", '" + plan.image +
                                          "', needs podman, which cannot be used here"};
  Result<std::shared_ptr<State::Machine>> machine = state_->make(entry, plan, log);
  if (!machine) return std::move(machine).error();
  if (check && (*machine)->multi) {
    Result<Done> there = check_prefix(*state_->around.access.of(plan.role_arn), (*machine)->location);
    if (!there) {
      return Error{there.error().code, "Failed to list the models of " + plan.model_name + ": " +
                                           there.error().message +
                                           ". Please ensure that the bucket exists and that ModelDataUrl names it"};
    }
  }
  while (check) {
    Result<Done> started = (*machine)->server->first_start(steady_clock::now() + kLook);
    if (started) break;
    if (started.error().code == ErrorCode::kDeadline && !abandoned()) continue;
    if (started.error().code == ErrorCode::kDeadline)
      return Error{ErrorCode::kConflict, "another change of the endpoint came in between"};
    return Error{started.error().code, "The primary container of model " + plan.model_name +
                                           " did not pass the ping health check: " + started.error().message +
                                           ". More in the log group " + log.group};
  }
  return std::shared_ptr<ModelHost>(std::make_shared<ContainerHost>(std::move(*machine)));
}

void ContainerHosts::changed(std::string_view bucket, std::string_view key) {
  for (const std::shared_ptr<State::Machine>& machine : state_->machines()) {
    if (!machine->multi || machine->location.bucket != bucket || !key.starts_with(machine->location.key)) continue;
    machine->models->changed(key.substr(machine->location.key.size()));
  }
}

void ContainerHosts::revalidate(Deadline deadline) {
  for (const std::shared_ptr<State::Machine>& machine : state_->machines()) {
    if (!machine->multi) continue;
    const Result<Done> done = machine->models->revalidate(deadline);
    (void)done;  // The store is unreachable: what is loaded goes on answering, the next round tries again.
  }
}

}  // namespace chiliad::hosting
