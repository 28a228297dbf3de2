// The text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4): per family HELP, TYPE,
// then its samples together.
using System.Globalization;
using System.Text;

namespace HaMirror.Agent.Monitoring;

/// <summary>Writes metrics.</summary>
internal sealed class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Dictionary<string, (string Type, string Help, StringBuilder Samples)> _families = [];
    private readonly List<string> _order = [];

    public void Gauge(string name, string help, double value, params (string Name, string Value)[] labels) => Add(name, "gauge", help, value, labels);

    public void Counter(string name, string help, double value, params (string Name, string Value)[] labels) => Add(name, "counter", help, value, labels);

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var name in _order)
        {
            var (type, help, samples) = _families[name];
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n").Append(samples);
        }

        return text.ToString();
    }

    private void Add(string name, string type, string help, double value, (string Name, string Value)[] labels)
    {
        if (!_families.TryGetValue(name, out var family))
        {
            _families[name] = family = (type, help, new StringBuilder());
            _order.Add(name);
        }

        family.Samples.Append(name);
        if (labels.Length > 0)
            family.Samples.Append('{').AppendJoin(',', labels.Select(label => $"{label.Name}=\"{Escape(label.Value)}\"")).Append('}');
        family.Samples.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => double.IsNaN(value) ? "NaN"
        : double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
