namespace HaMirror.Core.Configuration;

/// <summary>Why a configuration file was refused, and where.</summary>
/// <param name="File">The file as the operator knows it.</param>
/// <param name="Line">Counted from 1; 0 when the file as a whole is meant.</param>
/// <param name="Column">Counted from 1; 0 when the line as a whole is meant.</param>
/// <param name="Text">A sentence that names the thing and the remedy.</param>
public sealed record ConfigurationError(string File, int Line, int Column, string Text)
{
    /// <summary>The form that editors and compilers use: <c>file:line:column: sentence</c>, without what is 0.</summary>
    public override string ToString() =>
        Line == 0 ? $"{File}: {Text}" : Column == 0 ? $"{File}:{Line}: {Text}" : $"{File}:{Line}:{Column}: {Text}";
}
