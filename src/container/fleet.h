// Fleet: what all model servers of this process share: ports, folders, and a budget of memory, which is kept by
// dropping the models used least recently, whosever they are.
//
//   <folder>/models    the unpacked models (folder_tier.h)
//   <folder>/runs/<n>  what one run of a server's program writes
//
//   every half second, and before each load:   sum of the servers' resident bytes + one more model  >  budget?
//       drop the model used least recently of all;  none can be dropped and the sum is over: the largest server is
//       started again (a leak, or a model too large for this machine)
//
// How much one more model takes is what a server's models take now on average, above what it had with none.
//
// Thread safety: all methods may be called from any threads at a time. A member's functions are called from threads of
// the fleet and of whoever makes room, under no lock.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "container/folder_tier.h"
#include "container/ports.h"

namespace chiliad::container {

class Fleet {
 public:
  struct Options {
    std::filesystem::path folder;                        // Owned by this object alone.
    std::uint64_t disk_bytes = std::uint64_t{10} << 30;  // Of unpacked models.
    std::uint64_t memory_bytes = 0;                      // Of all servers' processes; 0: no budget.
    std::chrono::milliseconds look{500};                 // Between two looks at the memory.
    // No drop begins later than that after the first of one look or load: servers may be slow to let models go.
    std::chrono::milliseconds drops_limit{10'000};
  };

  // One server, as the fleet sees it.
  struct Member {
    std::function<std::uint64_t()> resident_bytes;
    std::function<std::size_t()> loaded;                                           // Models.
    std::function<std::optional<std::chrono::steady_clock::time_point>()> oldest;  // When its next victim was used.
    std::function<bool()> drop_oldest;
    std::function<void(std::string_view reason)> restart;
  };

  // Empties the folder. Errors: as FolderTier::open().
  static Result<std::unique_ptr<Fleet>> open(Options options);
  ~Fleet();

  // The fleet must outlive it.
  class Membership {
   public:
    Membership(Fleet& fleet, std::uint64_t number) : fleet_(fleet), number_(number) {}
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;
    ~Membership() { leave(); }
    // Drops models until there is memory for one more of this member's, if that can be.
    void make_room();
    // The member's functions are not called any more; waits for calls under way. Requires: not called from one.
    void leave();

   private:
    Fleet& fleet_;
    const std::uint64_t number_;
  };
  std::unique_ptr<Membership> add(Member member);

  // A new, empty folder for one run of a program, which goes with its holder. Errors: as base/file.h.
  Result<std::shared_ptr<const std::filesystem::path>> run_folder();

  // Drops the model used least recently of all servers. False: there was none.
  bool drop_oldest();

  PortPool& ports();
  FolderTier& folders();
  std::uint64_t memory_bytes() const;

 private:
  struct State;
  explicit Fleet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::container
