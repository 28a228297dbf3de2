using System.Collections.Immutable;

namespace HaMirror.Comparison.Figures;

/// <summary>Collects what the rounds measure.</summary>
/// <param name="kind">As <see cref="FigureRow.Kind"/>.</param>
internal sealed class FigureSet(string kind, ImmutableArray<FigureGoal> goals, string commit)
{
    private readonly DateTimeOffset _measured = DateTimeOffset.UtcNow;
    private readonly Dictionary<string, List<double>> _values = [];
    private readonly List<double> _foreign = [];

    public void Add(string name, double value)
    {
        if (!_values.TryGetValue(name, out var of))
        {
            _values[name] = of = [];
        }

        of.Add(value);
    }

    /// <summary>Cores that other programs used in some part of the measurement.</summary>
    public void AddForeign(double cores) => _foreign.Add(cores);

    /// <summary>In the order of the goals; what was not measured is left out.</summary>
    public ImmutableArray<FigureRow> Rows()
    {
        var (machine, cores) = (MachineName.Read(), _foreign.Count > 0 ? Summary.Median(_foreign) : 0);
        return
        [
            .. from goal in goals
               where _values.ContainsKey(goal.Name)
               let values = _values[goal.Name]
               select new FigureRow(
                   kind, goal.Name, goal.Title, goal.Unit, Summary.Median(values), goal.AtLeast, goal.AtMost, [.. values], cores, _measured,
                   machine, commit),
        ];
    }
}
