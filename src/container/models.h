// Models: which models below one prefix a multi-model server has in its memory, loaded at their first call and dropped
// to make room: the contract of SageMaker's multi-model containers, seen from the platform's side.
//
//   stored archive --fetch, unpack--> FolderTier --POST /models--> loaded --acquire()--> pinned by a call
//                                                  507: DELETE the one used least recently, and again
//
// Rules the rest relies on:
//   1. However many calls wait for a model, it is fetched and loaded once, and all of them get that result.
//   2. A pinned model is not dropped. What was overwritten while it was pinned is dropped after the last pin.
//   3. After changed(model) returns, no call that starts later gets what was stored before.
//   4. Each load has a name of its own in the server, so that a late DELETE or POST cannot meet its successor.
//   5. A server that began anew has nothing: its models come back at their next calls.
//   6. Every wait ends by its deadline; at most max_waiting_loads models wait to be loaded. A failure is not
//   remembered.
//   7. What is asked of the server or of the store is never asked under a lock.
//
// Source: Amazon SageMaker developer guide, "Build your own container for SageMaker AI multi-model endpoints".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "archive/archive.h"
#include "base/result.h"
#include "base/time.h"
#include "container/folder_tier.h"
#include "container/upstream.h"
#include "store/buckets.h"

namespace chiliad::container {

// Why a call gets no model.
struct Refusal {
  Error error;
  int status = 0;  // What the server answered to the load; 0: it did not come to that.
};

class Models {
  struct Model;
  struct State;

 public:
  struct Options {
    int load_threads = 2;
    std::size_t max_waiting_loads = 256;
    bool keep = true;  // false: a model is dropped as soon as no call uses it.
    std::chrono::milliseconds fetch_limit{120'000};
    std::chrono::milliseconds load_limit{300'000};   // Of one POST /models, and of the wait for a server that starts.
    std::chrono::milliseconds room_limit{10'000};    // Of the wait where the server is full of pinned models.
    std::chrono::milliseconds unload_limit{10'000};  // Of one DELETE; a thread that makes room waits for it.
    archive::ReadLimits limits;
    std::uint64_t archive_bytes = std::uint64_t{1} << 30;
    std::string seen_at = "/opt/ml/models";  // The shelf, as the server sees it.
  };

  // Where the models lie: `prefix` is empty or ends in '/', and a model's key is prefix + its name.
  struct Place {
    std::shared_ptr<store::Buckets> buckets;
    std::string bucket;
    std::string prefix;
  };

  // What the owner is told and asked; unset: nothing. From any thread, under no lock.
  struct Calls {
    std::function<void(std::chrono::nanoseconds)> downloaded;
    std::function<void(std::chrono::nanoseconds)> loaded;
    std::function<void(std::chrono::nanoseconds)> unloaded;
    std::function<void(std::string_view line)> note;
    // Before a load: there shall be memory for one more model.
    std::function<void()> make_room;
    // The disk is full of what is held: something was let go, try again.
    std::function<bool()> free_disk;
  };

  // A model that stays loaded while the Pin lives: hold it for one call. Must not outlive the Models.
  class Pin {
   public:
    Pin(Pin&& other) noexcept = default;
    Pin& operator=(Pin&&) = delete;
    ~Pin();
    const std::string& name() const;  // In the server.
    const Run& run() const;
    // The model has answered a call, or begun to.
    void answered() const;

   private:
    friend class Models;
    Pin(std::shared_ptr<Model> model, State& owner) : model_(std::move(model)), owner_(&owner) {}
    std::shared_ptr<Model> model_;
    State* owner_;
  };

  using Acquired = std::variant<Pin, Refusal>;
  // Called once.
  using Callback = std::function<void(Acquired)>;

  // `upstream` must outlive the object, and what Calls refer to.
  Models(Options options, Place place, std::shared_ptr<FolderTier::Shelf> shelf, Upstream& upstream, Calls calls);
  // Who waits gets kUnavailable; what is loaded stays loaded in a server that nobody asks any more.
  // Requires: no pin, and no other call in progress.
  ~Models();
  Models(const Models&) = delete;
  Models& operator=(const Models&) = delete;

  // The model if it is loaded.
  std::optional<Pin> find(std::string_view model);

  // The model, loaded if it must be. `done` is called at once when it is loaded, else on a thread of the object. False
  // when too many loads wait: then `done` is not called.
  // Errors: kNotFound: no such object; kCorrupt, kTooLarge: its archive; kInvalid with a status: the server refuses it;
  // kNoSpace: no room, now; kDeadline: it is still being loaded; kUnavailable: the server or the store.
  [[nodiscard]] bool acquire(std::string_view model, Deadline deadline, Callback done);

  // The server says that it has not loaded the model after all.
  void forget(const Pin& pin);
  // A call got no answer from the model, and no other call did since this one was sent: the model is dropped when the
  // calls that have it have ended, and loaded anew by the next.
  void renew(const Pin& pin, std::chrono::steady_clock::time_point since);

  // The stored bytes have changed or are gone. Rule 3.
  void changed(std::string_view model);

  // Compares what is loaded with the store. Errors: as the store's.
  Result<Done> revalidate(Deadline deadline);

  // When the model that would be dropped next was used; unset: none can be.
  std::optional<std::chrono::steady_clock::time_point> oldest() const;
  // Drops it and waits for the server's word. False: there was none.
  bool drop_oldest();

  std::size_t loaded() const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::container
