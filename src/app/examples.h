// What stands at the end of --help: command lines to start from. Those of one fleet go on from one another in the order
// of the commands: what generate writes is what split reads.
//
// Thread safety: one thread at a time.

#pragma once

namespace CLI {
class App;
}

namespace chiliad::app {

// For the subcommands of `app`, called once they are there.
void add_examples(CLI::App& app);

}  // namespace chiliad::app
