// SimulatePrincipalPolicy: the policies of a user or role, asked as a request of theirs would ask them.

#include <fmt/format.h>

#include <algorithm>

#include "identity/iam_operations.h"
#include "net/http_message.h"

namespace chiliad::identity {
namespace {

constexpr std::size_t kMaxActions = 200;
constexpr std::size_t kMaxResources = 100;
constexpr std::size_t kMaxAnswers = 2'000;
constexpr std::size_t kMaxExtraPolicies = 10;

bool any_text(std::string_view) { return true; }
constexpr Form kActionForm{3, 128, ".{3,128}", any_text};
constexpr Form kResourceForm{1, 2048, ".{1,2048}", any_text};
constexpr Form kKeyForm{5, 256, ".{5,256}", any_text};
constexpr Form kValueForm{0, 2048, ".{0,2048}", any_text};

struct Context {
  std::string key;
  std::string value;
};

std::vector<Context> read_context(Operation& operation) {
  std::vector<Context> context;
  for (const std::string& element : operation.members.form().elements("ContextEntries")) {
    const std::string key = operation.members.text(element + ".ContextKeyName", kKeyForm);
    for (std::string& value : operation.members.list(element + ".ContextKeyValues", kValueForm, 100)) {
      context.push_back({key, std::move(value)});
    }
  }
  if (context.size() > 1000) operation.members.refuse("ContextEntries", "", "Member must have at most 1000 values");
  return context;
}

// What a request has by itself comes from the context where it says so.
void apply_context(const std::vector<Context>& context, aws::Caller& caller) {
  for (const Context& entry : context) {
    if (net::same_ignoring_case(entry.key, "aws:SourceIp")) caller.source_ip = entry.value;
    if (net::same_ignoring_case(entry.key, "aws:RequestedRegion")) caller.region = entry.value;
    if (net::same_ignoring_case(entry.key, "aws:UserAgent")) caller.user_agent = entry.value;
    if (net::same_ignoring_case(entry.key, "aws:SecureTransport")) caller.secure_transport = entry.value == "true";
    const bool clock =
        net::same_ignoring_case(entry.key, "aws:CurrentTime") || net::same_ignoring_case(entry.key, "aws:EpochTime");
    if (const auto seconds = clock ? parse_policy_date(entry.value) : std::nullopt;
        seconds && *seconds > -1e10 && *seconds < 1e10) {
      caller.time = Time(std::chrono::seconds(static_cast<std::int64_t>(*seconds)));
    }
  }
}

std::string_view decision_word(aws::Decision decision) {
  switch (decision) {
    case aws::Decision::kAllowed: return "allowed";
    case aws::Decision::kDenied: return "explicitDeny";
    case aws::Decision::kNotAllowed: break;
  }
  return "implicitDeny";
}

struct Simulation {
  Layers layers;
  aws::Caller caller;
  std::vector<aws::Condition> conditions;
  std::vector<std::string> actions;
  std::vector<std::string> resources;
};

// One page of the answers; the marker is the number of the first one.
std::string write_page(const Simulation& simulation, const Page& page) {
  const std::size_t all = simulation.actions.size() * simulation.resources.size();
  std::size_t at = 0;
  for (const char c : page.after)
    at = c >= '0' && c <= '9' && at < all ? at * 10 + static_cast<std::size_t>(c - '0') : all;
  const std::size_t end = std::min(all, at + page.most);
  aws::XmlWriter xml(aws::XmlWriter::Begin::kPiece);
  xml.open("EvaluationResults");
  for (; at < end; ++at) {
    const std::string& action = simulation.actions[at / simulation.resources.size()];
    const std::string& resource = simulation.resources[at % simulation.resources.size()];
    const aws::Conditions conditions{std::span<const aws::Condition>(simulation.conditions)};
    const aws::Decision decision =
        decide(simulation.layers, {simulation.caller, action, resource, conditions, std::nullopt, {}});
    xml.open("member").text("EvalActionName", action).text("EvalResourceName", resource);
    xml.text("EvalDecision", decision_word(decision)).open("MatchedStatements").close();
    xml.open("MissingContextValues").close().close();
  }
  xml.close();
  write_page_end(xml, end < all, fmt::format("{}", end));
  return std::move(xml).take();
}

// PolicyInputList adds to what the principal has; the boundary list stands beside the principal's own boundary.
std::optional<aws::ApiError> add_extra(Operation& operation, std::string_view list, PolicySet& set) {
  for (const std::string& document : operation.members.list(list, kDocumentForm, kMaxExtraPolicies)) {
    Result<Policy> policy = Policy::parse(document, Policy::Use::kIdentity);
    if (!policy) return aws::ApiError{400, "InvalidInput", policy.error().message};
    set.add(std::make_shared<const Policy>(*std::move(policy)));
  }
  return std::nullopt;
}

}  // namespace

Answer simulate_principal_policy(Operation& operation) {
  const std::string source = operation.members.text("PolicySourceArn", kArnForm);
  const std::vector<Context> context = read_context(operation);
  const Page page = read_page(operation);
  Simulation simulation;
  simulation.actions = operation.members.list("ActionNames", kActionForm, kMaxActions);
  simulation.resources = operation.members.list("ResourceArns", kResourceForm, kMaxResources);
  if (simulation.resources.empty()) simulation.resources.emplace_back("*");
  if (simulation.actions.empty()) {
    operation.members.refuse("ActionNames", "", "Member must have length greater than or equal to 1");
  }
  if (simulation.actions.size() * simulation.resources.size() > kMaxAnswers) {
    operation.members.refuse("ActionNames", "", "actions times resources must be at most 2000");
  }
  if (operation.members.form().find("ResourcePolicy") != nullptr) {
    operation.members.refuse("ResourcePolicy", "", "resource policies are not simulated");
  }
  if (operation.members.error()) return *operation.members.error();
  if (auto denied = operation.denied(operation.action(), source)) return *std::move(denied);

  const std::string& account = operation.state.options.account;
  const std::optional<std::string> user = user_name_of(source, account);
  const std::optional<std::string> role = role_name_of(source, account);
  if (!user && !role) {
    return aws::ApiError{400, "InvalidInput", fmt::format("Invalid Entity Arn: {} is no user or role here", source)};
  }
  std::shared_ptr<const Identity> identity;
  {
    const MutexLock lock(operation.state.mutex);
    Records& records = operation.state.records;
    records.begin_reading();
    const auto record =
        user ? records.find_identity(Records::Kind::kUser, *user) : records.find_identity(Records::Kind::kRole, *role);
    if (record) identity = operation.state.identity(record->id);
    if (records.failure()) return operation.state.report(*records.failure());
  }
  if (!identity || identity->arn != source) {
    return no_such_entity(fmt::format("The {} {} cannot be found.", user ? "user" : "role", source));
  }
  simulation.layers = identity->layers;
  if (auto wrong = add_extra(operation, "PolicyInputList", simulation.layers.front())) return *std::move(wrong);
  if (operation.members.form().list("PermissionsBoundaryPolicyInputList").size() > 0) {
    // It stands for the principal's own.
    simulation.layers.resize(1);
    simulation.layers.emplace_back();
    if (auto wrong = add_extra(operation, "PermissionsBoundaryPolicyInputList", simulation.layers.back())) {
      return *std::move(wrong);
    }
  }
  if (operation.members.error()) return *operation.members.error();
  Session session;
  session.name = "simulation";
  simulation.caller.who = operation.state.principal(*identity, &session);
  simulation.caller.region = operation.state.options.region;
  simulation.caller.time = operation.now;
  apply_context(context, simulation.caller);
  for (const Context& entry : context) simulation.conditions.push_back({entry.key, entry.value});
  return write_page(simulation, page);
}

}  // namespace chiliad::identity
