using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Cli.View;

/// <summary>JSON of the API as people read it.</summary>
internal static class IndentedJson
{
    public static readonly JsonSerializerOptions Options = new(ApiJson.Default.Options) { WriteIndented = true };
}
