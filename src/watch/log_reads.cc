// The readers' side of LogStore, and what is asked of groups and streams by name.

#include <algorithm>
#include <queue>

#include "watch/log_store.h"
#include "watch/log_store_state.h"

namespace chiliad::watch {
namespace {

constexpr std::size_t kSearchedBytes = std::size_t{32} << 20;
constexpr std::size_t kFetchedBytes = std::size_t{64} << 10;
constexpr std::size_t kFetchedEvents = 1'000;

// A stream of a search, read ahead a little.
class Cursor {
 public:
  Cursor(LogStream stream, std::int64_t next) : stream_(std::move(stream)), next_(next) {}

  const LogStream& stream() const { return stream_; }
  // Null: none is left.
  LogEvent* event() { return at_ < events_.size() ? &events_[at_] : nullptr; }
  // By which events of several streams are mixed: never earlier than that of the stream's event before.
  Milliseconds order() const { return order_; }
  std::int64_t position() const { return at_ < events_.size() ? events_[at_].number : next_; }

  void advance() { ++at_; }

  // Reads on when nothing is left; gives the bytes that were read.
  Result<std::size_t> fill(LogTables& tables, LogWindow window) {
    std::size_t bytes = 0;
    if (at_ == events_.size()) {
      window.max_bytes = kFetchedBytes;
      window.max_events = kFetchedEvents;
      Result<LogPage> page = tables.read_forward(stream_, next_, window);
      if (!page) return std::move(page).error();
      next_ = page->next;
      events_ = std::move(page->events);
      at_ = 0;
      for (const LogEvent& read : events_) bytes += read.text.size() + kEventOverhead;
    }
    if (at_ < events_.size()) order_ = std::max(order_, events_[at_].time);
    return bytes;
  }

 private:
  LogStream stream_;
  std::int64_t next_;
  std::vector<LogEvent> events_;
  std::size_t at_ = 0;
  Milliseconds order_ = Milliseconds::min();
};

// One call of LogStore::search().
class Searching {
 public:
  Searching(LogTables& tables, const LogStore::Search& search, std::int64_t group_id)
      : tables_(tables), search_(search), group_id_(group_id) {}

  Result<LogStore::FoundPage> run(const std::optional<SearchPosition>& from) {
    Result<Done> begun = from ? resume(*from) : begin();
    if (!begun) return std::move(begun).error();
    for (;;) {
      Result<bool> more = mix();
      if (!more) return std::move(more).error();
      if (*more) break;
      if (!more_streams_) return LogStore::FoundPage{std::move(found_), std::nullopt};
      Result<Done> loaded = load_further();
      if (!loaded) return std::move(loaded).error();
    }
    return LogStore::FoundPage{std::move(found_), position()};
  }

 private:
  Result<Done> begin() {
    if (search_.streams.empty()) return Done{};
    more_streams_ = false;
    for (const std::string_view name : search_.streams) {
      Result<LogStream> stream = tables_.find_stream(group_id_, name);
      if (!stream) return std::move(stream).error();
      cursors_.emplace_back(std::move(stream).operator*(), 0);
    }
    return Done{};
  }

  Result<Done> resume(const SearchPosition& from) {
    more_streams_ = from.more_streams;
    last_name_ = from.last_name;
    for (const SearchPosition::Stream& at : from.streams) {
      Result<LogStream> stream = tables_.find_stream(at.id);
      if (!stream && stream.error().code == ErrorCode::kNotFound) continue;  // Removed meanwhile.
      if (!stream) return std::move(stream).error();
      if (stream->group_id == group_id_) cursors_.emplace_back(std::move(stream).operator*(), at.next);
    }
    return Done{};
  }

  Result<Done> load_further() {
    cursors_.clear();
    Result<std::vector<LogStream>> streams =
        tables_.streams_of_window(group_id_, search_.prefix, last_name_, search_.window, LogStore::kSearchedTogether);
    if (!streams) return std::move(streams).error();
    more_streams_ = streams->size() == LogStore::kSearchedTogether;
    for (LogStream& stream : *streams) {
      last_name_ = stream.name;
      cursors_.emplace_back(std::move(stream), 0);
    }
    return Done{};
  }

  // Mixes the events of the cursors. True: the page is full or enough was looked at; false: the cursors are at the end.
  Result<bool> mix() {
    using Next = std::pair<Milliseconds, std::size_t>;
    std::priority_queue<Next, std::vector<Next>, std::greater<>> queue;
    const auto enqueue = [&](std::size_t index) -> Result<Done> {
      const Result<std::size_t> read = cursors_[index].fill(tables_, search_.window);
      if (!read) return read.error();
      searched_ += *read;
      if (cursors_[index].event() != nullptr) queue.emplace(cursors_[index].order(), index);
      return Done{};
    };
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      Result<Done> filled = enqueue(i);
      if (!filled) return std::move(filled).error();
    }
    while (!queue.empty()) {
      if (searched_ > kSearchedBytes) return true;
      const std::size_t index = queue.top().second;
      queue.pop();
      Cursor& cursor = cursors_[index];
      if (search_.pattern == nullptr || search_.pattern->matches(cursor.event()->text)) {
        const std::size_t cost = cursor.event()->text.size() + cursor.stream().name.size() + kEventOverhead;
        if (found_.size() >= search_.window.max_events) return true;
        if (!found_.empty() && bytes_ + cost > search_.window.max_bytes) return true;
        bytes_ += cost;
        found_.push_back({cursor.stream().name, std::move(*cursor.event()), cursor.stream().id});
      }
      cursor.advance();
      Result<Done> filled = enqueue(index);
      if (!filled) return std::move(filled).error();
    }
    return false;
  }

  SearchPosition position() {
    SearchPosition position;
    position.last_name = last_name_;
    position.more_streams = more_streams_;
    for (Cursor& cursor : cursors_) position.streams.push_back({cursor.stream().id, cursor.position()});
    return position;
  }

  LogTables& tables_;
  const LogStore::Search& search_;
  const std::int64_t group_id_;
  std::vector<Cursor> cursors_;
  std::string last_name_;
  bool more_streams_ = true;
  std::vector<LogStore::Found> found_;
  std::size_t bytes_ = 0;
  std::size_t searched_ = 0;
};

}  // namespace

Result<Done> LogStore::State::settle(std::string_view group, std::string_view stream) {
  {
    const MutexLock lock(pending_mutex);
    if (failing) return Done{};  // What is written can be read all the same.
    const PendingKey key{std::string(group), std::string(stream)};
    const bool unwritten =
        stream.empty() ? !pending.empty() || !writing.empty() : pending.contains(key) || writing.contains(key);
    if (!unwritten) return Done{};
  }
  const MutexLock lock(writer_mutex);
  (void)commit();  // A failure keeps the lines for later; the rest can be read.
  return Done{};
}

Result<LogPage> LogStore::read_forward(std::string_view group, std::string_view stream, std::int64_t from,
                                       const LogWindow& window, LogStream* found) {
  Result<Done> settled = state_->settle(group, stream);
  if (!settled) return std::move(settled).error();
  const MutexLock lock(state_->reader_mutex);
  const Result<LogGroup> in = state_->reading.find_group(group);
  if (!in) return in.error();
  const Result<LogStream> of = state_->reading.find_stream(in->id, stream);
  if (!of) return of.error();
  if (found != nullptr) *found = *of;
  return state_->reading.read_forward(*of, from, window);
}

Result<LogPage> LogStore::read_backward(std::string_view group, std::string_view stream, std::int64_t before,
                                        const LogWindow& window, LogStream* found) {
  Result<Done> settled = state_->settle(group, stream);
  if (!settled) return std::move(settled).error();
  const MutexLock lock(state_->reader_mutex);
  const Result<LogGroup> in = state_->reading.find_group(group);
  if (!in) return in.error();
  const Result<LogStream> of = state_->reading.find_stream(in->id, stream);
  if (!of) return of.error();
  if (found != nullptr) *found = *of;
  return state_->reading.read_backward(*of, before, window);
}

Result<LogStore::FoundPage> LogStore::search(const Search& search, const std::optional<SearchPosition>& from) {
  Result<Done> settled = state_->settle(search.group, {});
  if (!settled) return std::move(settled).error();
  const MutexLock lock(state_->reader_mutex);
  const Result<LogGroup> group = state_->reading.find_group(search.group);
  if (!group) return group.error();
  return Searching(state_->reading, search, group->id).run(from);
}

Result<LogGroup> LogStore::find_group(std::string_view name) {
  Result<Done> settled = state_->settle(name, {});
  if (!settled) return std::move(settled).error();
  const MutexLock lock(state_->reader_mutex);
  return state_->reading.find_group(name);
}

Result<std::vector<LogGroup>> LogStore::list_groups(std::string_view prefix, std::string_view pattern,
                                                    std::string_view after, std::size_t limit) {
  Result<Done> settled = state_->settle({}, {});
  if (!settled) return std::move(settled).error();
  const MutexLock lock(state_->reader_mutex);
  return state_->reading.list_groups(prefix, pattern, after, limit);
}

Result<LogStream> LogStore::find_stream(std::string_view group, std::string_view stream) {
  Result<Done> settled = state_->settle(group, stream);
  if (!settled) return std::move(settled).error();
  const MutexLock lock(state_->reader_mutex);
  const Result<LogGroup> in = state_->reading.find_group(group);
  if (!in) return in.error();
  return state_->reading.find_stream(in->id, stream);
}

Result<std::vector<LogStream>> LogStore::list_streams(std::string_view group, std::string_view prefix,
                                                      StreamOrder order, bool descending,
                                                      const std::optional<StreamPosition>& after, std::size_t limit) {
  Result<Done> settled = state_->settle(group, {});
  if (!settled) return std::move(settled).error();
  const MutexLock lock(state_->reader_mutex);
  const Result<LogGroup> in = state_->reading.find_group(group);
  if (!in) return in.error();
  return state_->reading.list_streams(in->id, prefix, order, descending, after, limit);
}

}  // namespace chiliad::watch
