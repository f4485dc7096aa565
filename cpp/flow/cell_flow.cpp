#include "flow/cell_flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "flow/kernels.hpp"
#include "flow/release.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr int kNeurons = 64;      // fewer are not worth it
constexpr int kRefusals = 8;      // after which it is not considered any more
constexpr Index kPerPattern = 2;  // neurons per column of a propagator, at least
// A hundredth of what trust may lose makes a step that holds several events a fifth as long: still of
// hundreds of events where there are many. Where there are few one by one is as cheap.
constexpr SeveralTerms kSeveral{1e-3, 4, 8.0, 8};
constexpr Index kAsked = 16384;  // neurons shown, between two questions whether to go on

}  // namespace

CellFlow::CellFlow(const OnNeurons& flow, Crew crew)
    : OnNeurons(flow),
      crew_(crew),
      cells_(in_, noise_, crew),
      series_(in_, cells_, natural_),
      search_(in_, cells_, series_, noise_),
      moves_(in_, cells_, series_, search_, noise_, options_.switches, crew),
      several_(in_, in_.p, options_, kSeveral) {}

void CellFlow::watch(std::function<bool()> cut) {
    cut_ = std::move(cut);
    search_.watch(cut_);
}

bool CellFlow::candidate() const {
    return in_.dense() && in_.p >= kNeurons && options_.order == 0 && refusals_ < kRefusals && !degenerate_;
}

void CellFlow::consider() {
    if (on_ || !candidate()) return;
    on_ = cells_.take(jets_, pairs_, switcher_.sign(), in_.p / (kPerPattern * cells_.width()), cut_);
    if (!on_) {
        ++refusals_;
        return;
    }
    moved_.assign(at(in_.p), false);
    shown_ = true;
    landed_ = false;
    releases_ = 0;
    series_.evaluate();
    series_.first();
}

double CellFlow::attempt(double t, double left, double& h, int& order) {
    events_.clear();
    if (several_.due()) {
        const double sum = attempt_several(t, left);
        h = h_;
        order = series_.order();
        if (moves_.any() || cut()) return sum;
    }
    const int lowest = std::max(2, std::min(order - 1, natural_));
    for (bool more = series_.order() < lowest;; more = true) {
        if (more) series_.extend();
        if (series_.order() < lowest) continue;
        h = std::min(series_.trusted(options_.rtol), left);
        events_ = search_.search(t, h);
        if (search_.abandoned()) {
            events_.clear();
            return std::numeric_limits<double>::quiet_NaN();
        }
        if (!events_.empty()) h = std::min(h, events_.front().t);
        if (!events_.empty() || h >= left || series_.order() >= natural_) break;
    }
    order = series_.order();
    h_ = h;
    return series_.attempt(h);
}

void CellFlow::state_within(double h, double* W, double* a) const {
    std::vector<double> phi, v(at(cells_.width()));
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        series_.propagator(c, h, phi);
        for (int j : cells_[c].members) {
            cells_.state(j, phi, v.data());
            std::copy(v.begin(), v.end() - 1, W + Index{j} * in_.d);
            a[j] = v.back();
        }
    }
    moves_.write(h, W, a);
}

void CellFlow::write_polynomial(double* to) const {
    const Index pd = Index{in_.p} * in_.d, orders = series_.order() + 1;
    std::vector<double> v(at(cells_.width())), w(at(orders * in_.d)), a(at(orders));
    for (int j = 0; j < in_.p; ++j) {
        cells_.state(j, cells_.of(j).phi, v.data());
        series_.path(cells_.home(j), v.data(), w.data(), a.data());
        double unit = 1.0;
        for (Index k = 0; k < orders; ++k, unit *= in_.unit()) {
            double* at_k = to + k * (pd + in_.p);
            for (Index l = 0; l < in_.d; ++l) at_k[Index{j} * in_.d + l] = w[at(k * in_.d + l)] / unit;
            at_k[pd + j] = a[at(k)] / unit;
        }
    }
}

double CellFlow::end_at(double h) {
    ends_ = true;
    h_ = h;
    moves_.end_at(h);
    const double sum = series_.attempt(h);
    if (!moves_.any()) return sum;
    moves_.place(h);
    return series_.trial_sq();
}

void CellFlow::accept(double t) {
    series_.accept();
    shown_ = false;
    landed_ = false;
    releases_ = 0;
    bool changed = moves_.any();
    moves_.keep(journal_, moved_);
    for (int c = 0; c < cells_.size(); ++c) {
        // the end is to the bit what the watch has seen
        if (ends_ || !cells_.stale(cells_[c]) || cut()) continue;
        cells_.renew(cells_[c]);
        changed = true;
    }
    if (changed) series_.evaluate();
    while (!events_.empty() && events_.back().t > h_ * (1.0 + 1e-12)) events_.pop_back();
    landed_ = meet(t);
    several_.ordinary(h_, landed_);
    if (landed_) series_.evaluate();
    series_.first();
    const int most = 64 + 8 * in_.n;
    while (releases_ <= most && !cut() && release(t)) {
        ++releases_;
        series_.evaluate();
        series_.first();
    }
    landed_ = landed_ || releases_ > 0;
    if (degenerate_ || cells_.patterns() > in_.p / cells_.width()) {
        ++refusals_;
        give_back();
    }
}

// The events that the step ends with; but for releases, which are then due. False: there are no others.
bool CellFlow::meet(double t) {
    due_.clear();
    std::vector<int> touched;
    for (const CellEvent& e : events_) {
        if (e.neuron < 0)
            due_.push_back(e);
        else if (std::find(touched.begin(), touched.end(), e.neuron) == touched.end())
            touched.push_back(e.neuron);
    }
    for (int j : touched) {
        Cause cause;
        double sign = cells_.of(j).sign;
        for (const CellEvent& e : events_) {
            if (e.neuron != j) continue;
            if (e.kind == EventKind::kCross) cause.crossed.push_back(e.point);
            if (e.kind != EventKind::kOuterZero) continue;
            sign = -sign;
            journal_.outer_zero();
        }
        settle(t, j, sign, cause);
    }
    return !touched.empty();
}

bool CellFlow::show(bool asked) {
    if (!on_ || shown_) return true;
    std::vector<double> sign(at(in_.p));
    const auto show_these = [&](Index begin, Index end) {
        std::vector<double> v(at(cells_.width()));
        for (int j = static_cast<int>(begin); j < end; ++j) {
            sign[at(j)] = cells_.of(j).sign;
            cells_.state(j, v.data());
            std::copy(v.begin(), v.end() - 1, jets_.state(j));
            jets_.set_outer(j, v.back());
        }
    };
    for (Index from = 0; from < in_.p; from += kAsked) {
        if (asked && from > 0 && cut()) return false;
        const Index to = std::min(from + kAsked, Index{in_.p});
        crew_.over(from, to, Cells::kStateWork * static_cast<double>(to - from), show_these);
    }
    if (show_modes()) pairs_.list();
    if (!jets_.evaluate(asked)) return false;
    shown_ = true;
    switcher_.recall(std::move(sign));
    noise_.follow(jets_);
    switcher_.follow_sign();
    return true;
}

// True if there was anything to show; the pairs' lists are then to be made.
bool CellFlow::show_modes() {
    bool any = false;
    for (int j = 0; j < in_.p; ++j) {
        if (!moved_[at(j)]) continue;
        const Cell& cell = cells_.of(j);
        any = true;
        std::copy(cell.modes.begin(), cell.modes.end(), pairs_.modes.begin() + pairs_.index(j, 0));
        pairs_.set_slide(j, cell.slide);
    }
    if (any) moved_.assign(at(in_.p), false);
    return any;
}

// Of the field no more is told than the pattern, and the multipliers of the cells: the jets, of 10^6 neurons
// half a gigabyte, stay as they are, and the state goes where it is read.
void CellFlow::conclude() {
    if (!on_ || shown_) return;
    shown_ = true;
    end_.resize(at(Index{in_.p} * in_.d));
    std::vector<double> v(at(in_.stride() + kPad)), sign(at(in_.p));
    for (int j = 0; j < in_.p; ++j) {
        cells_.state(j, v.data());
        const double a = v[at(in_.d)];
        if (a == 0.0) {  // its sign is that of its rate
            end_.clear();
            shown_ = false;
            show();
            return;
        }
        const Cell& cell = cells_.of(j);
        sign[at(j)] = cell.slide.size() > 0 ? cell.sign : std::copysign(1.0, a);
        jets_.set_outer(j, a);
        std::copy_n(v.begin(), in_.d, end_.begin() + Index{j} * in_.d);
        std::fill(v.begin() + in_.d, v.end(), 0.0);
        noise_.grow(j, std::sqrt(dot(v.data(), v.data(), in_.stride())), std::abs(a));
    }
    listed_ = !show_modes();
    switcher_.recall(std::move(sign));
}

void CellFlow::list() {
    if (!listed_) pairs_.list();
    listed_ = true;
}

double CellFlow::share(int j, int i) const {
    const int c = cells_.home(j), slot = cells_[c].slide.find(in_.parallel().line(i));
    return share_of(in_.parallel(), series_.r(0).data(), i, series_.multiplier(c, 0, slot));
}

bool CellFlow::give_back() {
    if (!show(true)) return false;
    on_ = false;
    cells_.drop();
    return true;
}

Index CellFlow::n_active() const {
    Index sum = 0;
    for (int c = 0; c < cells_.size(); ++c) sum += size_of(cells_[c].members) * size_of(cells_[c].on);
    return sum;
}

Index CellFlow::sliding() const {
    Index sum = 0;
    for (int c = 0; c < cells_.size(); ++c)
        sum += size_of(cells_[c].members) * in_.sliding_pairs(cells_[c].slide);
    return sum;
}

}  // namespace pl
