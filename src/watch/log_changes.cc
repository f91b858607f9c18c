// Groups and streams made, removed and set by name.

#include <fmt/format.h>

#include "watch/log_store.h"
#include "watch/log_store_state.h"

namespace chiliad::watch {

Result<Done> LogStore::create_group(std::string_view name, Milliseconds now, const LogTags& tags) {
  State& state = *state_;
  const MutexLock lock(state.writer_mutex);
  const Result<LogGroup> existing = state.tables.find_group(name);
  if (existing) return Error{ErrorCode::kConflict, "The specified log group already exists"};
  if (existing.error().code != ErrorCode::kNotFound) return existing.error();
  return state.tables.transaction([&]() -> Result<Done> {
    state.writer_mutex_held();
    Result<std::int64_t> added = state.tables.add_group(name, std::nullopt, now);
    return added ? state.tables.set_tags(*added, tags) : Result<Done>(std::move(added).error());
  });
}

Result<LogTags> LogStore::tags(std::string_view group) {
  const MutexLock lock(state_->reader_mutex);
  const Result<LogGroup> found = state_->reading.find_group(group);
  return found ? state_->reading.tags(found->id) : Result<LogTags>(found.error());
}

Result<Done> LogStore::set_tags(std::string_view group, const LogTags& tags) {
  constexpr std::size_t kMaxTags = 50;
  State& state = *state_;
  const MutexLock lock(state.writer_mutex);
  const Result<LogGroup> found = state.tables.find_group(group);
  if (!found) return found.error();
  return state.tables.transaction([&]() -> Result<Done> {
    state.writer_mutex_held();
    Result<Done> set = state.tables.set_tags(found->id, tags);
    if (!set) return set;
    const Result<LogTags> now = state.tables.tags(found->id);
    if (!now) return now.error();
    if (now->size() > kMaxTags) {
      return Error{ErrorCode::kTooLarge, fmt::format("a log group has at most {} tags", kMaxTags)};
    }
    return Done{};
  });
}

Result<Done> LogStore::remove_tags(std::string_view group, std::span<const std::string> names) {
  State& state = *state_;
  const MutexLock lock(state.writer_mutex);
  const Result<LogGroup> found = state.tables.find_group(group);
  if (!found) return found.error();
  return state.tables.transaction([&]() -> Result<Done> {
    state.writer_mutex_held();
    return state.tables.remove_tags(found->id, names);
  });
}

Result<Done> LogStore::delete_group(std::string_view name) {
  State& state = *state_;
  const MutexLock lock(state.writer_mutex);
  (void)state.commit();  // Lines that came before belong to what is deleted.
  const Result<LogGroup> group = state.tables.find_group(name);
  if (!group) return group.error();
  state.remembered.clear();
  Result<LogTables::Totals> counted = state.tables.transaction([&]() -> Result<LogTables::Totals> {
    state.writer_mutex_held();
    Result<Done> removed = state.tables.remove_group(group->id);
    if (!removed) return std::move(removed).error();
    return state.tables.totals();
  });
  if (!counted) return std::move(counted).error();
  state.totals = *counted;
  const MutexLock showing(state.pending_mutex);
  state.shown_totals = state.totals;
  return Done{};
}

Result<Done> LogStore::set_retention(std::string_view name, std::optional<int> days) {
  State& state = *state_;
  const MutexLock lock(state.writer_mutex);
  const Result<LogGroup> group = state.tables.find_group(name);
  return group ? state.tables.set_retention(group->id, days) : Result<Done>(group.error());
}

Result<Done> LogStore::create_stream(std::string_view group, std::string_view stream, Milliseconds now) {
  State& state = *state_;
  const MutexLock lock(state.writer_mutex);
  const Result<LogGroup> in = state.tables.find_group(group);
  if (!in) return in.error();
  const Result<LogStream> existing = state.tables.find_stream(in->id, stream);
  if (existing) return Error{ErrorCode::kConflict, "The specified log stream already exists"};
  if (existing.error().code != ErrorCode::kNotFound) return existing.error();
  if (state.totals.streams >= state.options.max_streams) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("there are {} log streams: delete some, or let them expire", state.totals.streams)};
  }
  Result<LogStream> added = state.tables.add_stream(in->id, stream, now);
  if (!added) return std::move(added).error();
  ++state.totals.streams;
  const MutexLock showing(state.pending_mutex);
  state.shown_totals = state.totals;
  return Done{};
}

Result<Done> LogStore::delete_stream(std::string_view group, std::string_view stream) {
  State& state = *state_;
  const MutexLock lock(state.writer_mutex);
  (void)state.commit();  // As in delete_group().
  const Result<LogGroup> in = state.tables.find_group(group);
  if (!in) return in.error();
  const Result<LogStream> existing = state.tables.find_stream(in->id, stream);
  if (!existing) return existing.error();
  state.remembered.clear();
  Result<Done> removed = state.tables.transaction([&]() -> Result<Done> {
    state.writer_mutex_held();
    return state.tables.remove_stream(existing->id);
  });
  if (!removed) return removed;
  state.totals.bytes -= existing->bytes;
  --state.totals.streams;
  const MutexLock showing(state.pending_mutex);
  state.shown_totals = state.totals;
  return Done{};
}

}  // namespace chiliad::watch
