"""The gallery: earlier searches and pictures, read in threads, filtered by words, shown with thumbnails."""
