using System.Xml;
using System.Xml.Linq;

namespace HaMirror.Core.Configuration;

/// <summary>What the reading of one file collects: reasons to refuse it, notes, and where they belong.</summary>
internal sealed class ReadingContext(string file)
{
    /// <summary>More would only repeat one mistake.</summary>
    private const int ErrorsMax = 50;

    private readonly List<ConfigurationError> _errors = [];
    private readonly List<string> _notes = [];

    public IReadOnlyList<ConfigurationError> Errors => _errors;

    public IReadOnlyList<string> Notes => _notes;

    public bool Failed => _errors.Count > 0;

    public void Refuse(int line, int column, string sentence)
    {
        if (_errors.Count < ErrorsMax)
        {
            _errors.Add(new ConfigurationError(file, line, column, sentence));
        }
    }

    public void Refuse(XObject at, string sentence)
    {
        var (line, column) = Place(at);
        Refuse(line, column, sentence);
    }

    public void Note(XObject at, string sentence) => _notes.Add($"{file}:{Place(at).Line}: {sentence}");

    private static (int Line, int Column) Place(XObject at) =>
        at is IXmlLineInfo info && info.HasLineInfo() ? (info.LineNumber, info.LinePosition) : (0, 0);
}
