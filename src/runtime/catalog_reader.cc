#include "runtime/catalog_reader.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "config/value.h"

namespace chiliad::runtime {
namespace {

using config::Value;

constexpr std::size_t kTextBytes = std::size_t{1} << 20;
constexpr std::size_t kEntries = 1000;
constexpr std::size_t kItems = 1000;
constexpr std::size_t kItemBytes = 4096;

bool is_name(std::string_view text) {
  static constexpr std::string_view kOthers = "._-";
  if (text.empty() || text.size() > 100 || kOthers.find(text.front()) != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool is_variable(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// What may become a line of a file or a word of a command.
bool is_one_line(std::string_view text) {
  return text.size() <= kItemBytes &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Also a word that pip would not take for an option, nor for a file of its working folder.
bool is_requirement(std::string_view text) {
  return is_one_line(text) && !text.empty() && is_name(text.substr(0, 1)) && text.find('#') == std::string_view::npos;
}

// One [[runtime]].
class EntryReader {
 public:
  EntryReader(const Value& table, std::string_view file) : table_(table), file_(file) {}

  // The name alone, which says what to start from.
  Result<std::string> name() {
    Result<Done> read = take_text("name", name_, "a name of letters, digits, '.', '_' and '-'", is_name);
    if (!read) return std::move(read).error();
    if (name_.empty()) return fail(table_, "", "name is missing");
    return name_;
  }

  // The name of the entry to take from; empty: none is named.
  Result<std::string> like() {
    std::string like;
    Result<Done> read = take_text("like", like, "another runtime's name", is_name);
    if (!read) return std::move(read).error();
    return like;
  }

  // The keys that are there over what `entry` holds. `own_images`: the images of `entry` are another entry's.
  Result<Done> read_over(Entry& entry) {
    const Kind before = entry.kind;
    if (Result<Done> read = read_kind(entry); !read) return read;
    if (entry.kind != before && !entry.images.empty()) {
      // What another kind was told is of no use to this one.
      Entry anew;
      anew.images = std::move(entry.images);
      anew.kind = entry.kind;
      entry = std::move(anew);
    }
    entry.name = name_;
    entry.source = fmt::format("{}:{}", file_, table_.line());
    for (const auto step : {&EntryReader::read_common, &EntryReader::read_of_kind, &EntryReader::read_commands}) {
      if (Result<Done> read = (this->*step)(entry); !read) return read;
    }
    if (Result<Done> all = refuse_others(entry.kind); !all) return all;
    return check(entry);
  }

  Error fail(const Value& at, std::string_view key, std::string_view what) const {
    std::string message = fmt::format("{}:{}: runtime", file_, at.line());
    if (!name_.empty()) message += fmt::format(" '{}'", name_);
    if (!key.empty()) message += fmt::format(": {}", key);
    return Error{ErrorCode::kInvalid, fmt::format("{}: {}", message, what)};
  }

 private:
  const Value* find(std::string_view key) {
    taken_.push_back(key);
    return table_.find(key);
  }

  Error expected(const Value& at, std::string_view key, std::string_view what) const {
    return fail(at, key, fmt::format("expected {}, found {}", what, config::kind_of(at)));
  }

  template <class Check>
  Result<Done> take_text(std::string_view key, std::string& out, std::string_view what, Check is_good) {
    const Value* node = find(key);
    if (node == nullptr) return Done{};
    const auto* text = node->as<std::string>();
    if (text == nullptr) return expected(*node, key, what);
    if (!is_good(*text)) return fail(*node, key, fmt::format("expected {}, found '{}'", what, printable(*text)));
    out = *text;
    return Done{};
  }

  template <class Check>
  Result<Done> take_texts(std::string_view key, std::vector<std::string>& out, std::string_view what, Check is_good) {
    const Value* node = find(key);
    if (node == nullptr) return Done{};
    const auto* array = node->as<Value::Array>();
    if (array == nullptr) return expected(*node, key, fmt::format("an array of {}", what));
    if (array->size() > kItems) return fail(*node, key, fmt::format("more than {} items", kItems));
    std::vector<std::string> texts;
    for (const Value& item : *array) {
      const auto* text = item.as<std::string>();
      if (text == nullptr) return expected(item, key, fmt::format("an array of {}", what));
      if (text->empty() || !is_good(*text)) {
        return fail(item, key, fmt::format("expected {}, found '{}'", what, printable(*text)));
      }
      texts.push_back(*text);
    }
    out = std::move(texts);
    return Done{};
  }

  template <class Value, std::size_t N>
  Result<Done> take_word(std::string_view key, Value& out, std::string_view what,
                         const std::array<std::pair<std::string_view, Value>, N>& words) {
    std::string word;
    const auto known = [&](std::string_view text) {
      return std::ranges::any_of(words, [&](const auto& pair) { return pair.first == text; });
    };
    if (Result<Done> read = take_text(key, word, what, known); !read) return read;
    for (const auto& [text, value] : words) {
      if (text == word) out = value;
    }
    return Done{};
  }

  Result<Done> read_kind(Entry& entry) {
    constexpr std::array kKinds{std::pair{std::string_view("native"), Kind::kNative},
                                std::pair{std::string_view("python"), Kind::kPython},
                                std::pair{std::string_view("oci"), Kind::kOci}};
    return take_word("kind", entry.kind, "'native', 'python' or 'oci'", kKinds);
  }

  Result<Done> read_common(Entry& entry) {
    if (Result<Done> read = take_texts("images", entry.images, "image patterns", is_one_line); !read) return read;
    if (const Value* node = find("gang"); node != nullptr) {
      const auto* gang = node->as<bool>();
      if (gang == nullptr) return expected(*node, "gang", "a boolean");
      entry.gang = *gang;
    }
    const Value* node = find("environment");
    if (node == nullptr) return Done{};
    const auto* variables = node->as<Value::Table>();
    if (variables == nullptr) return expected(*node, "environment", "a table of strings");
    entry.environment.clear();
    for (const auto& [key, value] : *variables) {
      if (!is_variable(key)) {
        return fail(value, "environment", fmt::format("'{}' is no variable's name", printable(key)));
      }
      const auto* text = value.as<std::string>();
      if (text == nullptr) return expected(value, fmt::format("environment.{}", key), "a string");
      if (!is_one_line(*text)) return fail(value, fmt::format("environment.{}", key), "expected one line");
      entry.environment[std::string(key)] = *text;
    }
    return Done{};
  }

  Result<Done> read_of_kind(Entry& entry) {
    switch (entry.kind) {
      case Kind::kNative:
        return take_text("algorithm", entry.algorithm, "'split', 'prophet' or 'evaluate'", [](std::string_view text) {
          return text == "split" || text == "prophet" || text == "evaluate";
        });
      case Kind::kPython:
        if (Result<Done> read = take_text("python", entry.python, "the name of a Python interpreter", is_name); !read)
          return read;
        if (Result<Done> read = take_texts("packages", entry.packages, "requirement specifiers", is_requirement); !read)
          return read;
        return take_texts("constraints", entry.constraints, "requirement specifiers", is_requirement);
      case Kind::kOci: return take_text("image", entry.image, "an image", is_one_line);
    }
    return Done{};
  }

  Result<Done> read_commands(Entry& entry) {
    const bool told = table_.find("server") != nullptr;
    constexpr std::array kServers{std::pair{std::string_view("none"), Server::kNone},
                                  std::pair{std::string_view("native"), Server::kNative},
                                  std::pair{std::string_view("container"), Server::kContainer}};
    if (Result<Done> read = take_word("server", entry.server, "'none', 'native' or 'container'", kServers); !read)
      return read;
    if (entry.kind == Kind::kNative) return Done{};
    if (Result<Done> read = take_texts("train", entry.train, "a command's words", is_one_line); !read) return read;
    if (Result<Done> read = take_texts("process", entry.process, "a command's words", is_one_line); !read) return read;
    if (Result<Done> read = take_texts("serve", entry.serve, "a command's words", is_one_line); !read) return read;
    const bool serves = entry.kind == Kind::kOci || !entry.serve.empty();
    if (!told && entry.server == Server::kNone && serves) entry.server = Server::kContainer;
    return Done{};
  }

  // Every key was asked for, or it is none of this kind.
  Result<Done> refuse_others(Kind kind) const {
    for (const auto& [key, value] : *table_.as<Value::Table>()) {
      if (std::ranges::find(taken_, key) != taken_.end()) continue;
      return fail(
          value, printable(key),
          fmt::format("a runtime of kind {} has no such key; it has {}", kind_name(kind), fmt::join(taken_, ", ")));
    }
    return Done{};
  }

  Result<Done> check(const Entry& entry) const {
    if (entry.images.empty()) return fail(table_, "", "images is missing: which images it is for");
    if (entry.kind == Kind::kNative && entry.algorithm.empty()) return fail(table_, "", "algorithm is missing");
    if (entry.kind == Kind::kNative && entry.server == Server::kContainer)
      return fail(table_, "server", "a native runtime has no container");
    if (entry.kind == Kind::kPython && entry.server == Server::kContainer && entry.serve.empty())
      return fail(table_, "server", "'container' needs a command in serve");
    return Done{};
  }

  static std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 80)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out;
  }

  const Value& table_;
  const std::string_view file_;
  std::string name_;
  std::vector<std::string_view> taken_;
};

const Entry* find_named(std::span<const Entry> entries, std::string_view name) {
  const auto found = std::ranges::find(entries, name, &Entry::name);
  return found == entries.end() ? nullptr : &*found;
}

Result<Entry> read_entry(const Value& table, std::string_view file, std::span<const Entry> above,
                         std::span<const Entry> known) {
  EntryReader reader(table, file);
  Result<std::string> name = reader.name();
  if (!name) return std::move(name).error();
  if (find_named(above, *name) != nullptr) return reader.fail(table, "name", "stands in this file already");
  Result<std::string> like = reader.like();
  if (!like) return std::move(like).error();
  Entry entry;
  if (!like->empty()) {
    const Entry* other = find_named(above, *like);
    if (other == nullptr) other = find_named(known, *like);
    if (other == nullptr)
      return reader.fail(*table.find("like"), "like", fmt::format("no runtime '{}' is known", *like));
    entry = *other;
    entry.images.clear();
  } else if (const Entry* same = find_named(known, *name); same != nullptr) {
    entry = *same;
  }
  if (Result<Done> read = reader.read_over(entry); !read) return std::move(read).error();
  return entry;
}

}  // namespace

Result<std::vector<Entry>> read_entries(std::string_view text, std::string_view file, std::span<const Entry> known) {
  if (text.size() > kTextBytes) return Error{ErrorCode::kInvalid, fmt::format("{}: over 1 MiB", file)};
  Result<Value> root = config::parse_toml(text, file);
  if (!root) return std::move(root).error();
  std::vector<Entry> entries;
  for (const auto& [key, value] : *root->as<Value::Table>()) {
    const auto fail = [&, at = value.line(), name = key](std::string_view what) {
      return Error{ErrorCode::kInvalid, fmt::format("{}:{}: {}: {}", file, at, name, what)};
    };
    if (key != "runtime") return fail("no such key; a runtime begins with [[runtime]]");
    const auto* tables = value.as<Value::Array>();
    if (tables == nullptr) return fail("expected an array of tables: a runtime begins with [[runtime]]");
    if (tables->size() > kEntries) return fail(fmt::format("more than {} runtimes", kEntries));
    for (const Value& node : *tables) {
      if (node.as<Value::Table>() == nullptr)
        return fail(fmt::format("expected tables, found {}", config::kind_of(node)));
      Result<Entry> entry = read_entry(node, file, entries, known);
      if (!entry) return std::move(entry).error();
      entries.push_back(*std::move(entry));
    }
  }
  return entries;
}

}  // namespace chiliad::runtime
