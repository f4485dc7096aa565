namespace pl {

template <class Real>
DenseModel<Real>::DenseModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
                             Layouts layouts, const std::function<bool()>& cut)
    : problem_(problem),
      kernel_(kernel),
      packed_(problem, kernel, threads, layouts, cut),
      stride_(packed_.row_stride()),
      blocks_(block_count(problem.n)),
      superblocks_(superblock_count(problem.n, problem.d, problem.p, sizeof(Real))),
      slow_(problem.flops() > kSlowFlops * static_cast<double>(superblocks_) ||
            problem.p * stride_ > kSlowNumbers),
      gradients_(superblocks_ * problem.p * stride_),
      scratch_(superblocks_ * kernel.scratch_size),
      panel_size_(panel_size(layouts, problem.d, kernel)),
      panels_(superblocks_ * panel_size_),
      sums_(at(superblocks_)),
      points_{make_point(), make_point(), make_point()} {
    for (Index j = 0; j < problem.p; ++j)
        std::copy_n(problem.W + j * problem.d, problem.d, at_->W.data() + j * stride_);
    std::copy_n(problem.a, problem.p, at_->a.data());
}

template <class Real>
bool DenseModel<Real>::evaluate(int threads, const Watch& watch) {
    if (superblocks_ == 1) {
        pass(0, watch);
        if (slow_ && watch.cut()) return false;
    } else {
        parallel_for(superblocks_, threads, watch.control(), [&](Index s) {
            if (!watch.cut()) pass(s, watch);
        });
        if (watch.cut() || !add_gradients(watch)) return false;
    }
    at_->sum_r2 = 0;
    for (double sum : sums_) at_->sum_r2 += sum;
    return true;
}

template <class Real>
void DenseModel<Real>::prepare(Real step) {
    UpdateArgs<Real> args{
        problem_.n,        problem_.p,      stride_,         step, at_->W.data(), at_->a.data(),
        gradients_.data(), next_->W.data(), next_->a.data(), 0};
    kernel_.update(args);
    at_->velocity_sq = args.velocity_sq;
}

template <class Real>
void DenseModel<Real>::advance() {
    Point* spare = before_;
    before_ = at_;
    at_ = next_;
    next_ = spare;
}

template <class Real>
Index DenseModel<Real>::n_active() const {
    return set_bits(at_->masks.data(), at_->masks.size());
}

template <class Real>
double DenseModel<Real>::dead_label_sq() const {
    double sum = 0;
    for (Index b = 0; b < blocks_; ++b) {
        Word live = 0;
        for (Index j = 0; j < problem_.p; ++j) live |= at_->masks.data()[b * problem_.p + j];
        const Index start = b * kBlockPoints, points = std::min(kBlockPoints, problem_.n - start);
        for (Index l = 0; l < points; ++l) {
            const double y = static_cast<double>(problem_.y[start + l]);
            if (((live >> l) & 1) == 0) sum += y * y;
        }
    }
    return sum;
}

template <class Real>
NeuronFacts DenseModel<Real>::neurons() const {
    NeuronFacts facts;
    for (auto* column : {&facts.w_sq, &facts.a}) column->reserve(at(problem_.p));
    for (Index j = 0; j < problem_.p; ++j) {
        double sum = 0;
        for (Index k = 0; k < problem_.d; ++k) {
            const double w = static_cast<double>(at_->W.data()[j * stride_ + k]);
            sum += w * w;
        }
        facts.w_sq.push_back(sum);
        facts.a.push_back(static_cast<double>(at_->a.data()[j]));
    }
    return facts;
}

template <class Real>
NeuronMotion DenseModel<Real>::motion() {
    NeuronMotion motion;
    const double n = static_cast<double>(problem_.n);
    for (Index j = 0; j < problem_.p; ++j) {
        double squares = 0, products = 0;
        for (Index k = 0; k < problem_.d; ++k) {
            const double g = static_cast<double>(gradients_.data()[j * stride_ + k]);
            squares += g * g;
            products += g * static_cast<double>(at_->W.data()[j * stride_ + k]);
        }
        const double a = static_cast<double>(at_->a.data()[j]), rate = products / n;
        motion.speed_sq.push_back(a * a / (n * n) * squares + rate * rate);
        motion.growth.push_back(2 * a * rate);
    }
    return motion;
}

template <class Real>
std::vector<double> DenseModel<Real>::outputs() const {
    std::vector<double> h(at(problem_.n));
    for (Index i = 0; i < problem_.n; ++i)
        for (Index j = 0; j < problem_.p; ++j) {
            double z = 0;
            for (Index k = 0; k < problem_.d; ++k)
                z += static_cast<double>(at_->W.data()[j * stride_ + k]) *
                     static_cast<double>(problem_.X[i * problem_.d + k]);
            h[at(i)] += static_cast<double>(at_->a.data()[j]) * std::max(z, 0.0);
        }
    return h;
}

template <class Real>
void DenseModel<Real>::write_state(Real* W, Real* a) const {
    for (Index j = 0; j < problem_.p; ++j)
        std::copy_n(at_->W.data() + j * stride_, problem_.d, W + j * problem_.d);
    std::copy_n(at_->a.data(), problem_.p, a);
}

template <class Real>
double DenseModel<Real>::bytes(const Problem<Real>& problem, const Kernel<Real>& kernel) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double p = static_cast<double>(problem.p), d = static_cast<double>(problem.d);
    const double stride = static_cast<double>(pl::row_stride<Real>(problem.d, kernel.lanes));
    const double parts = static_cast<double>(superblock_count(problem.n, problem.d, problem.p, sizeof(Real)));
    const Layouts layouts = layouts_for(problem.n, problem.d, problem.p, kernel);
    const double columns = layouts == Layouts::kBoth ? d : 0;
    const Index scratch = kernel.scratch_size + panel_size(layouts, problem.d, kernel);
    const double reals = points * (columns + stride + 1) + (parts + 3) * p * stride + 3 * p +
                         parts * static_cast<double>(scratch);
    return reals * sizeof(Real) + 3 * p * points / static_cast<double>(kBlockPoints) * sizeof(Word);
}

template <class Real>
Index DenseModel<Real>::panel_size(Layouts layouts, Index d, const Kernel<Real>& kernel) {
    return layouts == Layouts::kBoth ? 0 : kernel.panel * pl::row_stride<Real>(d, kernel.lanes);
}

template <class Real>
typename DenseModel<Real>::Point DenseModel<Real>::make_point() const {
    return {Buffer<Real>(problem_.p * stride_), Buffer<Real>(problem_.p), Buffer<Word>(blocks_ * problem_.p)};
}

template <class Real>
void DenseModel<Real>::pass(Index s, const Watch& watch) {
    PassArgs<Real> args{packed_.view(),
                        s * blocks_ / superblocks_,
                        (s + 1) * blocks_ / superblocks_,
                        at_->W.data(),
                        at_->a.data(),
                        gradients_.data() + s * problem_.p * stride_,
                        at_->masks.data(),
                        scratch_.data() + s * kernel_.scratch_size,
                        panels_.data() + s * panel_size_,
                        0};
    if (slow_) args.cut = {[](const void* whom) { return static_cast<const Watch*>(whom)->cut(); }, &watch};
    kernel_.pass(args);
    sums_[at(s)] = args.sum_r2;
}

template <class Real>
bool DenseModel<Real>::add_gradients(const Watch& watch) {
    constexpr Index kAsked = Index{1} << 20;  // numbers between two questions, a millisecond
    const Index size = problem_.p * stride_;
    Real* total = gradients_.data();
    for (Index s = 1; s < superblocks_; ++s) {
        const Real* part = total + s * size;
        for (Index from = 0; from < size; from += kAsked) {
            if (size > kAsked && watch.cut()) return false;
            const Index to = std::min(from + kAsked, size);
            for (Index k = from; k < to; ++k) total[k] += part[k];
        }
    }
    return true;
}

}  // namespace pl
