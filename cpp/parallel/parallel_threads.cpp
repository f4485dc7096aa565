// parallel_for on threads of our own. They are kept between calls and sleep when there is nothing to do; a
// call never waits for one that has not begun. So beside other busy processes a call on several threads costs
// what it costs on one, where a team that meets at a barrier (OpenMP's) spins until the last of it is given a
// processor.
#include <sys/mman.h>

#include <condition_variable>
#include <system_error>
#include <vector>

#include "parallel/team.hpp"

namespace pl {
namespace {

std::atomic<bool> refused{false};

// Addresses that are kept free while threads begin. Where their stacks take all that a limit allows, what
// every thread takes for itself at its first use of a library ends the process (2 of 120 runs).
class Room {
  public:
    Room() : begin_(mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
    ~Room() {
        if (taken()) munmap(begin_, kBytes);
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    bool taken() const { return begin_ != MAP_FAILED; }

  private:
    static constexpr std::size_t kBytes = std::size_t{1} << 27;
    void* begin_;
};

class Pool {
  public:
    // Never destroyed: its threads sleep until the process is gone.
    static Pool& only() {
        static Pool& pool = *new Pool;
        return pool;
    }

    // Asks `helpers` threads to take part in `team`. There are at least as many as all calls have asked for,
    // unless the system refuses more.
    void offer(Team& team, int helpers) {
        {
            const std::unique_lock<std::mutex> lock = locked();
            offers_.push_back({&team, helpers, 0, helpers});
            asked_ += helpers;
            grow();
            ++posted_;
        }
        called_.fetch_add(1, std::memory_order_release);
        if (helpers == 1)
            news_.notify_one();
        else
            news_.notify_all();
    }

    // Nobody joins `team` any more; the number of threads that have.
    int withdraw(const Team& team) {
        const std::unique_lock<std::mutex> lock = locked();
        std::size_t at = 0;
        while (offers_[at].team != &team) ++at;
        const int joined = offers_[at].joined;
        asked_ -= offers_[at].helpers;
        offers_[at] = offers_.back();
        offers_.pop_back();
        return joined;
    }

  private:
    struct Offer {
        Team* team;
        int open, joined, helpers;
    };

    // Threads for all that is asked for, or as many as the system allows: the ones there are do the work, the
    // caller among them.
    void grow() {
        if (threads_ >= asked_) return;
        const Room room;
        if (!room.taken()) return refused.store(true);
        try {
            for (; threads_ < asked_; ++threads_) std::thread(&Pool::serve, this).detach();
        } catch (const std::system_error&) {
            refused.store(true);
        }
    }

    // The lock is held for less than a microsecond: it is sooner had by asking again than by sleeping.
    std::unique_lock<std::mutex> locked() {
        std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
        for (int tries = 0; tries < 200; ++tries)
            if (lock.try_lock()) return lock;
        lock.lock();
        return lock;
    }

    // A thread's life.
    void serve() {
        std::unique_lock<std::mutex> lock = locked();
        for (;;) {
            const std::uint64_t seen = posted_;
            if (Team* team = join()) {
                lock.unlock();
                team->work();  // its last act tells the caller, who may then let go of the team
                lock = locked();
            } else {
                lock.unlock();
                stay_awake(seen);
                lock = locked();
                news_.wait(lock, [&] { return posted_ != seen; });
            }
        }
    }

    Team* join() {
        for (Offer& offer : offers_) {
            if (offer.open == 0) continue;
            --offer.open;
            ++offer.joined;
            return offer.team;
        }
        return nullptr;
    }

    // The next step of one large problem comes within microseconds, sooner than a sleeper wakes. Whoever else
    // wants the processor has it.
    void stay_awake(std::uint64_t seen) const {
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
        while (called_.load(std::memory_order_acquire) <= seen && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
    }

    std::mutex mutex_;
    std::condition_variable news_;
    std::vector<Offer> offers_;  // of calls under way
    std::uint64_t posted_ = 0;   // offers made so far
    // Of them those whose caller has left the lock: who looks out for one finds it free.
    std::atomic<std::uint64_t> called_{0};
    int threads_ = 0, asked_ = 0;  // made; asked for by the calls under way
};

}  // namespace

void work_together(Team& team, int size, Control&) {
    Pool::only().offer(team, size - 1);
    team.work();
    team.wait(1 + Pool::only().withdraw(team));
}

const char* parallel_runtime() {
    return "std::thread";
}

bool threads_refused() {
    return refused.load();
}

}  // namespace pl
