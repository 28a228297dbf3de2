namespace HaMirror.Io.Replication;

/// <summary>Keeps the marks of a module over a clean stop. Called while nothing is served.</summary>
public interface IMarkStore
{
    /// <summary>Adds what was saved to <paramref name="marks"/>.</summary>
    /// <returns>Null, or why nothing can be known of the marks, as a sentence: everything must then be compared.</returns>
    string? Load(MarkSet marks);

    /// <summary>Replaces what was saved; on stable storage when it returns.</summary>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    string? Save(MarkSet marks);
}
