using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Agent.Hosting;

namespace HaMirror.Agent.Api;

/// <summary>Reads a request's body with the source-generated context.</summary>
internal static class ApiBody
{
    private const int BytesMax = 64 << 10;

    /// <summary>Of all files of a module: what they may have, as JSON writes it.</summary>
    public const int DraftBytesMax = 4 << 20;

    /// <exception cref="Refusal">The body is missing, too long, or not what it should be.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int bytesMax = BytesMax)
        where T : class =>
        await TryReadAsync(context, type, bytesMax)
            ?? throw new Refusal(Refusal.BadRequest, "The request has no body.", "Send JSON; the API's description says what belongs there: GET /v1/openapi.json.");

    /// <summary>As above; null when there is no body.</summary>
    public static async Task<T?> TryReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int bytesMax = BytesMax)
        where T : class
    {
        if (context.Request.ContentLength > bytesMax) throw TooLong(bytesMax);
        if (context.Request.ContentLength == 0) return null;
        using var content = await ReadAsync(context, bytesMax);
        if (content.Length == 0) return null;
        if (JsonSerializer.Deserialize(content.GetBuffer().AsSpan(0, (int)content.Length), type) is not { } body) return null;
        BodyCheck.Refuse(body, type);
        return body;
    }

    /// <summary>A body without a length is read no further than it may be long.</summary>
    private static async Task<MemoryStream> ReadAsync(HttpContext context, int bytesMax)
    {
        var content = new MemoryStream();
        var piece = new byte[Math.Min(bytesMax, 16 << 10)];
        int count;
        while ((count = await context.Request.Body.ReadAsync(piece, context.RequestAborted)) > 0)
        {
            if (content.Length + count > bytesMax) throw TooLong(bytesMax);
            content.Write(piece, 0, count);
        }

        return content;
    }

    private static Refusal TooLong(int bytesMax) => new(StatusCodes.Status413PayloadTooLarge, $"The request's body is longer than {bytesMax} bytes.",
        "No request of this API needs as much: look at what was sent.");
}
