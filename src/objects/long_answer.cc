#include "objects/long_answer.h"

#include <algorithm>

namespace chiliad::objects {
namespace {

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

}  // namespace

LongAnswer::LongAnswer(net::HttpLater later, net::HttpResponse head)
    : later_(std::move(later)), head_(std::move(head)) {}

bool LongAnswer::keep_alive() {
  const MutexLock lock(mutex_);
  if (ended_) return false;
  if (!began_) {
    began_ = true;
    head_.status = 200;
    head_.content_type = "application/xml";
    later_.begin_stream(std::move(head_));
    return later_.write(kDeclaration);
  }
  return later_.write(" ");
}

void LongAnswer::end(net::HttpResponse response) {
  const MutexLock lock(mutex_);
  ended_ = true;
  if (!began_) {
    later_.send(std::move(response));
    return;
  }
  std::string_view body = response.body;
  if (body.starts_with(kDeclaration)) body.remove_prefix(kDeclaration.size());
  later_.write(body);
  later_.end_stream();
}

LongAnswers::LongAnswers(std::chrono::milliseconds patience) : patience_(patience), thread_([this] { run(); }) {}

LongAnswers::~LongAnswers() {
  {
    const MutexLock lock(mutex_);
    ends_ = true;
  }
  ends_changed_.notify_all();
  thread_.join();
}

std::shared_ptr<LongAnswer> LongAnswers::begin(net::HttpLater later, net::HttpResponse head) {
  auto answer = std::make_shared<LongAnswer>(std::move(later), std::move(head));
  const MutexLock lock(mutex_);
  std::erase_if(entries_, [](const Entry& entry) { return entry.answer.expired(); });
  entries_.push_back({answer, std::chrono::steady_clock::now() + patience_});
  return answer;
}

void LongAnswers::run() {
  const auto step = std::max<std::chrono::milliseconds>(patience_ / 4, std::chrono::milliseconds(1));
  for (;;) {
    std::vector<std::shared_ptr<LongAnswer>> due;
    {
      const MutexLock lock(mutex_);
      const auto wake = std::chrono::steady_clock::now() + step;
      while (!ends_ && ends_changed_.wait_until(mutex_, wake)) {
      }
      if (ends_) return;
      const auto now = std::chrono::steady_clock::now();
      std::erase_if(entries_, [](const Entry& entry) { return entry.answer.expired(); });
      for (Entry& entry : entries_) {
        if (entry.next > now) continue;
        entry.next = now + patience_;
        if (auto answer = entry.answer.lock()) due.push_back(std::move(answer));
      }
    }
    for (const auto& answer : due) answer->keep_alive();
  }
}

}  // namespace chiliad::objects
