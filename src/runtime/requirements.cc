#include "runtime/requirements.h"

#include <algorithm>
#include <array>

namespace chiliad::runtime {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// pip's rule: a '#' at the beginning or behind a blank begins a comment.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || kBlanks.find(line[i - 1]) != std::string_view::npos)) return line.substr(0, i);
  }
  return line;
}

// Options that name no file. "-i x", "--index-url=x" and "--index-url x" are written with this word first.
constexpr std::array<std::string_view, 11> kHarmless{
    "-i",          "--index-url",   "--extra-index-url", "--no-index",    "--pre",           "--trusted-host",
    "--no-binary", "--only-binary", "--prefer-binary",   "--use-feature", "--require-hashes"};

bool is_harmless_option(std::string_view line) {
  const std::string_view word = line.substr(0, line.find_first_of(" \t="));
  return std::ranges::find(kHarmless, word) != kHarmless.end();
}

// Bytes that pip may take for a line's end or go on behind.
bool is_plain(std::string_view line) {
  return !line.ends_with('\\') && std::ranges::all_of(line, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

bool names_file(std::string_view line) {
  if (line.find("${") != std::string_view::npos || line.find("file:") != std::string_view::npos) return true;
  if (line.front() == '-') return !is_harmless_option(line);
  // Only what stands before markers and options is the requirement.
  const std::string_view requirement = trim(line.substr(0, std::min(line.find(';'), line.find(" --"))));
  if (requirement.empty() || requirement.front() == '.') return true;
  if (requirement.find("://") != std::string_view::npos) return false;
  if (requirement.find('/') != std::string_view::npos) return true;
  for (const std::string_view end : {".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz"}) {
    if (requirement.ends_with(end)) return true;
  }
  return false;
}

}  // namespace

Requirements read_requirements(std::string_view text) {
  Requirements out;
  if (text.size() > kRequirementsBytes) {
    out.text = text;
    out.self_contained = false;
    return out;
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::string line;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    const bool goes_on = piece.ends_with('\\') && !trim(piece).starts_with('#');
    if (goes_on) piece.remove_suffix(1);
    line += piece;
    if (goes_on && !text.empty()) continue;
    const std::string_view content = trim(without_comment(line));
    if (!content.empty()) {
      out.text.append(content).append(1, '\n');
      if (!is_plain(content) || names_file(content)) out.self_contained = false;
    }
    line.clear();
  }
  return out;
}

}  // namespace chiliad::runtime
