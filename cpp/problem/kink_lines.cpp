#include "problem/kink_lines.hpp"

#include <algorithm>
#include <cmath>

namespace pl {

KinkLines::KinkLines(const std::vector<KinkPoint>& points, double etol) {
    std::vector<Index> first;  // of each line, among the points
    for (std::vector<Index>* list : {&first, &of}) list->reserve(points.size());
    lines.reserve(points.size());
    ratio.reserve(points.size());
    for (Index i = 0; i < size_of(points); ++i) {
        const KinkPoint& k = points[at(i)];
        const auto same = std::find_if(first.begin(), first.end(),
                                       [&](Index f) { return k.line >= 0 && points[at(f)].line == k.line; });
        const Index l = same - first.begin();
        if (same == first.end()) {
            first.push_back(i);
            lines.push_back({k.point, k.x, k.mode, 0.0, 0.0, k.vtol, 0.0});
        }
        const double c = k.ratio / points[at(first[at(l)])].ratio;
        KinkLine& line = lines[at(l)];
        (c > 0.0 ? line.ahead : line.behind) += c * k.e;
        line.etol += std::abs(c) * etol;
        line.two_sided |= c < 0.0;
        of.push_back(l);
        ratio.push_back(c);
    }
}

double sliding_share(const KinkLine& line, double force, bool ahead) {
    const double share = std::clamp((force - line.behind) / line.jump(), 0.0, 1.0);
    return ahead ? share : 1.0 - share;
}

}  // namespace pl
