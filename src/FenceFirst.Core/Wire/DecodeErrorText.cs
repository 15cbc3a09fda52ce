namespace FenceFirst.Core.Wire;
/// <summary>placeholder</summary>
public static class DecodeErrorText { /// <summary>p</summary>
 public static string Describe(DecodeError e) => e.ToString(); }
